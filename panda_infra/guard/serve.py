"""Serve the engine: every call goes to the official plugin, calls on releases go through the guard."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.kubeconfig import STATE
from panda_infra.deep_messages import accept_deep_messages
from panda_infra.engine_watch import end_with
from panda_infra.errors import PandaInfraError
from panda_infra.guard.argocd import Shared, is_shared
from panda_infra.guard.official import Official
from panda_infra.guard.releases import Call, Releases, is_release
from panda_infra.provider.progress import EngineProgress

__all__ = ["serve"]

_SERVICE = "/pulumirpc.ResourceProvider/"
_STREAMS = frozenset({"List"})
_LIMITS = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),  # bytes; the engine's own limits
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
]
# The engine may wait for any number of releases at a time, and each wait needs one thread.
_MOST_CALLS = 512

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
    releases = Releases(lambda urn: EngineProgress(stub, urn), _client)
    shared = Shared(lambda urn: EngineProgress(stub, urn), releases.connected)
    server.add_generic_rpc_handlers((_Calls(channel, releases, shared),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _client(text: str, context: str) -> KubernetesClient:
    return KubernetesClient(STATE.target(text, context or None))


class _Calls(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Handles calls as bytes: most are passed on without parsing."""

    def __init__(self, channel: grpc.Channel, releases: Releases, shared: Shared) -> None:
        self._channel = channel
        self._releases = releases
        self._shared = shared
        self._guarded: dict[str, Callable[[bytes, Forward], bytes]] = {
            "Configure": self._configure,
            "Read": _afterwards(wire.ReadRequest, wire.ReadResponse, releases.read),
            "Diff": _afterwards(wire.DiffRequest, wire.DiffResponse, releases.diff),
            "Create": self._instead(wire.CreateRequest, releases.create),
            "Update": self._instead(wire.UpdateRequest, releases.update),
            "Delete": self._unless_shared(self._instead(wire.DeleteRequest, releases.delete)),
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
        self._releases.configure(wire.ConfigureRequest.FromString(request))
        return forward(request)

    def _unless_shared(self, delete: Callable[[bytes, Forward], bytes]) -> Callable[[bytes, Forward], bytes]:
        """A handler that leaves an object to others who use it."""

        def call(request: bytes, forward: Forward) -> bytes:
            parsed = wire.DeleteRequest.FromString(request)
            if is_shared(parsed.urn) and self._shared.stays(parsed):
                return _packed(None)
            return delete(request, forward)

        return call

    def _instead(self, kind: Any, guard: Callable[[Any, Call], Any]) -> Callable[[bytes, Forward], bytes]:
        """A handler that lets the guard carry out calls on releases."""

        def call(request: bytes, forward: Forward) -> bytes:
            parsed = kind.FromString(request)
            return _packed(guard(parsed, self._call)) if is_release(parsed.urn) else forward(request)

        return call


def _afterwards(
    kind: Any, answer_kind: Any, guard: Callable[[Any, Any], Any]
) -> Callable[[bytes, Forward], bytes]:
    """A handler that lets the guard correct the answers to calls on releases."""

    def call(request: bytes, forward: Forward) -> bytes:
        parsed, answer = kind.FromString(request), forward(request)
        return _packed(guard(parsed, answer_kind.FromString(answer))) if is_release(parsed.urn) else answer

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
