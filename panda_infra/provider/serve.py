"""Serve the plugin to the engine by gRPC on a free local port."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from panda_infra.engine_watch import end_with
from panda_infra.errors import PandaInfraError
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.progress import EngineProgress
from panda_infra.provider.provider import VERSION, MagnumProvider
from panda_infra.provider.resource import PartialFailure
from panda_infra.provider.wire import to_wire

__all__ = ["main", "serve"]

_MESSAGE_LIMIT = 400 * 1024 * 1024  # bytes; like the engine


def main(arguments: list[str]) -> None:
    """Serve until the engine ends the process; prints the port as the first line of the output."""
    # The engine passes flags such as --logtostderr beside its address.
    engine = next(argument for argument in arguments if not argument.startswith("-"))
    end_with(engine)
    stub = EngineProgress.connect(engine)
    provider = MagnumProvider(Cloud.of_name, lambda urn: EngineProgress(stub, urn))
    asyncio.run(serve(provider, _announce, engine))


async def serve(provider: MagnumProvider, announce: Callable[[int], None], engine: str = "") -> None:
    """Serve on a free port of this machine, passed to ``announce``, until cancelled."""
    limits = [
        ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
        ("grpc.max_send_message_length", _MESSAGE_LIMIT),
    ]
    server = grpc.aio.server(interceptors=[_ErrorsInWords()], options=limits)
    servicer = ProviderServicer([], VERSION, provider, engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    announce(port)
    try:
        await server.wait_for_termination()
    finally:
        await server.stop(None)


def _announce(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


class _ErrorsInWords(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Errors reach the operator as plain text, and a partial failure keeps its resource.

    The SDK's servicer would print a traceback, and cannot report a resource that exists but is not ready.
    """

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
        handler = await continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def call(request: Any, context: Any) -> Any:
            try:
                return await handler.unary_unary(request, context)
            except PartialFailure as failure:
                await context.abort_with_status(_partial(failure))
            except PandaInfraError as error:
                await context.abort(grpc.StatusCode.UNKNOWN, str(error))

        return grpc.unary_unary_rpc_method_handler(
            call,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


@dataclass(frozen=True)
class _Status(grpc.Status):  # type: ignore[misc]
    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


def _partial(failure: PartialFailure) -> _Status:
    """The protocol's form of a partial failure: the engine records the resource and updates it in the next run."""
    state = failure.state.model_dump(mode="json", by_alias=True)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(failure))
    status.details.add().Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=failure.resource_id,
            properties=PropertyValue.marshal_map(to_wire(state)),
            reasons=[str(failure)],
        )
    )
    metadata = (("grpc-status-details-bin", status.SerializeToString()),)
    return _Status(grpc.StatusCode.UNKNOWN, str(failure), metadata)
