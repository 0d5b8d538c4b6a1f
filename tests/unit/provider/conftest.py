"""The provider behind its real gRPC interface, on a cloud in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from panda_infra.provider.cloud import Cloud
from panda_infra.provider.provider import MagnumProvider
from panda_infra.provider.serve import serve
from tests.unit.provider.fakes import FakeKubernetes, FakeOpenStack, World

OWNER = "panda-infra/test/0123456789abcdef"
SECRET = "4dabf18193072939515e22adb298388d"
SECRET_VALUE = "1b47061264138c4ac30d75fd1eb44270"


class Partial(Exception):  # noqa: N818 - the protocol's term
    def __init__(self, text: str, resource_id: str, state: dict[str, Any]) -> None:
        super().__init__(text)
        self.id = resource_id
        self.state = state


@dataclass
class Reports:
    statuses: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def status(self, text: str) -> None:
        self.statuses.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class Engine:
    """Calls the provider as the engine does."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub, reported: Reports) -> None:
        self.stub = stub
        self.reported = reported

    def check(
        self, kind: str, inputs: Mapping[str, Any], olds: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self.stub.Check(
            provider_pb2.CheckRequest(urn=urn(kind), olds=wire(olds or {}), news=wire(inputs))
        )
        assert not answer.failures, [f"{f.property}: {f.reason}" for f in answer.failures]
        return plain(answer.inputs)

    def failures(self, kind: str, inputs: Mapping[str, Any]) -> dict[str, str]:
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=urn(kind), news=wire(inputs)))
        return {failure.property: failure.reason for failure in answer.failures}

    def diff(
        self, kind: str, resource_id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> set[str]:
        answer = self.stub.Diff(
            provider_pb2.DiffRequest(urn=urn(kind), id=resource_id, olds=wire(state), news=wire(inputs))
        )
        assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(answer.detailedDiff)
        self.replaces = set(answer.replaces)
        return set(answer.detailedDiff)

    def create(
        self, kind: str, inputs: Mapping[str, Any], *, preview: bool = False, timeout: float = 5
    ) -> Any:
        request = provider_pb2.CreateRequest(
            urn=urn(kind), properties=wire(inputs), preview=preview, timeout=timeout
        )
        answer = _partial_as_error(self.stub.Create, request)
        return answer.id, plain(answer.properties)

    def update(
        self,
        kind: str,
        resource_id: str,
        state: Mapping[str, Any],
        inputs: Mapping[str, Any],
        *,
        preview: bool = False,
    ) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            urn=urn(kind), id=resource_id, olds=wire(state), news=wire(inputs), preview=preview, timeout=5
        )
        return plain(_partial_as_error(self.stub.Update, request).properties)

    def read(self, kind: str, resource_id: str, state: Mapping[str, Any] | None = None) -> Any:
        """Id, state and inputs of what is there; the id is empty when it is gone."""
        answer = self.stub.Read(
            provider_pb2.ReadRequest(urn=urn(kind), id=resource_id, properties=wire(state or {}))
        )
        return answer.id, plain(answer.properties), plain(answer.inputs)

    def delete(self, kind: str, resource_id: str, state: Mapping[str, Any], *, timeout: float = 5) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(urn=urn(kind), id=resource_id, properties=wire(state), timeout=timeout)
        )

    def up(self, kind: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Check and create: the id, the state and the checked inputs."""
        checked = self.check(kind, inputs)
        resource_id, state = self.create(kind, checked)
        return resource_id, state, checked


def urn(kind: str) -> str:
    return f"urn:pulumi:test::panda-infra::panda-infra:cluster:Magnum$panda-magnum:index:{kind}::it"


def wire(values: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(values), struct_pb2.Struct())


def plain(values: struct_pb2.Struct) -> dict[str, Any]:
    """Values as a test writes them; a secret becomes ("secret", value)."""

    def inner(value: Any) -> Any:
        if isinstance(value, dict):
            if SECRET in value:
                return ("secret", value["value"])
            return {key: inner(item) for key, item in value.items()}
        if isinstance(value, list):
            return [inner(item) for item in value]
        return int(value) if isinstance(value, float) and value.is_integer() else value

    found: dict[str, Any] = inner(json_format.MessageToDict(values))
    return found


def bare(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state as the engine hands it back: secrets in their wire form."""
    return {
        key: {SECRET: SECRET_VALUE, "value": value[1]} if isinstance(value, tuple) else value
        for key, value in state.items()
    }


def _partial_as_error(call: Any, request: Any) -> Any:
    try:
        return call(request)
    except grpc.RpcError as error:
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                detail = provider_pb2.ErrorResourceInitFailed()
                assert status_pb2.Status.FromString(value).details[0].Unpack(detail)
                raise Partial(detail.reasons[0], detail.id, plain(detail.properties)) from None
        raise


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def openstack(world: World) -> FakeOpenStack:
    return FakeOpenStack(world)


@pytest.fixture
def engine(world: World, openstack: FakeOpenStack) -> Iterator[Engine]:
    reported = Reports()
    cloud = Cloud(lambda: openstack, lambda _: FakeKubernetes(world))
    provider = MagnumProvider(lambda _: cloud, lambda _: reported, poll=0.001)
    ready = threading.Event()
    port = 0

    def announce(value: int) -> None:
        nonlocal port
        port = value
        ready.set()

    loop = asyncio.new_event_loop()
    task = loop.create_task(serve(provider, announce))
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([task])))
    thread.start()
    assert ready.wait(10)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(provider_pb2.ConfigureRequest(acceptSecrets=True, args=wire({"owner": OWNER})))
        yield Engine(stub, reported)
    loop.call_soon_threadsafe(task.cancel)
    thread.join(10)
    loop.close()
