"""Serve the engine: every call goes to the official plugin, calls on releases and Applications go through the guard."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.kubeconfig import STATE
from panda_infra.engine_watch import end_with
from panda_infra.errors import PandaInfraError
from panda_infra.guard.applications import Applications, is_application
from panda_infra.guard.argocd import Shared, is_shared
from panda_infra.guard.cluster import Call, Cluster
from panda_infra.guard.official import Official
from panda_infra.guard.projects import Projects, is_project
from panda_infra.guard.releases import Releases, is_release
from panda_infra.provider.progress import EngineProgress
from panda_infra.pulumi_sdk import accept_deep_messages

__all__ = ["serve"]

_SERVICE = "/pulumirpc.ResourceProvider/"
_STREAMS = frozenset({"List"})
_LIMITS = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),  # bytes; the engine's own limits
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
]
# The engine may wait for any number of releases at a time, and each wait needs one thread.
_MOST_CALLS = 512

Guard = Releases | Applications
Forward = Callable[[bytes], bytes]
Handler = Callable[[bytes, Any], bytes]


def serve(official: Official, arguments: Sequence[str]) -> None:
    """Serve until the engine ends this process or is gone; prints the port as the first line of the output."""
    # The engine passes flags such as --logtostderr beside its address.
    engine = next(argument for argument in arguments if not argument.startswith("-"))
    end_with(engine)
    accept_deep_messages()
    channel = grpc.insecure_channel(f"127.0.0.1:{official.port}", options=_LIMITS)
    server = grpc.server(ThreadPoolExecutor(max_workers=_MOST_CALLS), options=_LIMITS)
    stub = EngineProgress.connect(engine)
    cluster = Cluster(_client)
    applications = Applications(lambda urn: EngineProgress(stub, urn), cluster)
    shared = Shared(lambda urn: EngineProgress(stub, urn), lambda: cluster.api)
    releases = Releases(lambda urn: EngineProgress(stub, urn), cluster, applications)
    projects = Projects(lambda urn: EngineProgress(stub, urn), cluster)
    server.add_generic_rpc_handlers(
        (_Calls(channel, cluster, releases, applications, shared=shared, projects=projects),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _client(text: str, context: str) -> KubernetesClient:
    return KubernetesClient(STATE.target(text, context or None))


class _Calls(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Handles calls as bytes: most are passed on without parsing."""

    def __init__(
        self,
        channel: grpc.Channel,
        cluster: Cluster,
        releases: Releases,
        applications: Applications,
        *,
        shared: Shared,
        projects: Projects,
    ) -> None:
        self._channel = channel
        self._cluster = cluster
        self._shared = shared
        self._projects = projects
        self._guards: tuple[tuple[Callable[[str], bool], Guard], ...] = (
            (is_release, releases),
            (is_application, applications),
        )
        self._guarded: dict[str, Callable[[bytes, Forward], bytes]] = {
            "Configure": self._configure,
            "Read": self._afterwards(wire.ReadRequest, wire.ReadResponse, lambda guard: guard.read),
            "Diff": self._afterwards(wire.DiffRequest, wire.DiffResponse, lambda guard: guard.diff),
            "Create": self._instead(wire.CreateRequest, lambda guard: guard.create),
            "Update": self._instead(wire.UpdateRequest, lambda guard: guard.update),
            "Delete": self._in_order(self._instead(wire.DeleteRequest, lambda guard: guard.delete)),
        }

    def service(self, details: Any) -> Any:
        """The handler of one call."""
        method: str = details.method
        name = method.removeprefix(_SERVICE)
        if name in _STREAMS:
            stream = self._channel.unary_stream(method)
            return grpc.unary_stream_rpc_method_handler(lambda request, _: stream(request))
        forward = self._channel.unary_unary(method)
        guarded = self._guarded.get(name)
        if guarded is None:
            return grpc.unary_unary_rpc_method_handler(_passing_errors(lambda request, _: forward(request)))
        return grpc.unary_unary_rpc_method_handler(
            _passing_errors(lambda request, _: guarded(request, forward))
        )

    def _call(self, name: str, request: Any) -> bytes:
        answer: bytes = self._channel.unary_unary(f"{_SERVICE}{name}")(request.SerializeToString())
        return answer

    def _configure(self, request: bytes, forward: Forward) -> bytes:
        self._cluster.configure(wire.ConfigureRequest.FromString(request))
        return forward(request)

    def _in_order(self, delete: Callable[[bytes, Forward], bytes]) -> Callable[[bytes, Forward], bytes]:
        """A handler that leaves an object to others who use it, and empties a project before it goes."""

        def call(request: bytes, forward: Forward) -> bytes:
            parsed = wire.DeleteRequest.FromString(request)
            if is_shared(parsed.urn) and self._shared.stays(parsed):
                return _packed(None)
            if is_project(parsed.urn):
                self._projects.empty(parsed)
            return delete(request, forward)

        return call

    def _guard(self, urn: str) -> Guard | None:
        return next((guard for guards, guard in self._guards if guards(urn)), None)

    def _instead(
        self, kind: Any, method: Callable[[Guard], Callable[[Any, Call], Any]]
    ) -> Callable[[bytes, Forward], bytes]:
        """A handler that lets the guard of a resource carry out the call."""

        def call(request: bytes, forward: Forward) -> bytes:
            parsed = kind.FromString(request)
            guard = self._guard(parsed.urn)
            return _packed(method(guard)(parsed, self._call)) if guard else forward(request)

        return call

    def _afterwards(
        self, kind: Any, answer_kind: Any, method: Callable[[Guard], Callable[[Any, Any], Any]]
    ) -> Callable[[bytes, Forward], bytes]:
        """A handler that lets the guard of a resource correct the answer to the call."""

        def call(request: bytes, forward: Forward) -> bytes:
            parsed, answer = kind.FromString(request), forward(request)
            guard = self._guard(parsed.urn)
            return _packed(method(guard)(parsed, answer_kind.FromString(answer))) if guard else answer

        return call


def _packed(message: Any) -> bytes:
    """A message as bytes; None, the answer to a deletion, as google.protobuf.Empty."""
    packed: bytes = b"" if message is None else message.SerializeToString()
    return packed


def _passing_errors(handler: Handler) -> Handler:
    """Pass errors of the official plugin on with their details, and the guard's own as text."""

    def call(request: bytes, context: Any) -> bytes:
        try:
            return handler(request, context)
        except grpc.RpcError as error:
            context.set_trailing_metadata(tuple(error.trailing_metadata() or ()))
            context.abort(error.code(), error.details())
        except PandaInfraError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        raise AssertionError

    return call
