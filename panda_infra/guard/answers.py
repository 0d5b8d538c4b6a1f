"""Answers of the official plugin as messages, and the call that takes the place of another one."""

from __future__ import annotations

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.guard.cluster import Call

__all__ = ["create_instead", "created", "updated"]


def created(call: Call, request: wire.CreateRequest) -> wire.CreateResponse:
    """Have the official plugin make a resource.

    Raises:
        grpc.RpcError: the plugin refuses or fails.
    """
    response: wire.CreateResponse = wire.CreateResponse.FromString(call("Create", request))
    return response


def updated(call: Call, request: wire.UpdateRequest) -> wire.UpdateResponse:
    """Have the official plugin change a resource.

    Raises:
        grpc.RpcError: the plugin refuses or fails.
    """
    response: wire.UpdateResponse = wire.UpdateResponse.FromString(call("Update", request))
    return response


def create_instead(call: Call, request: wire.UpdateRequest) -> Struct:
    """Make a resource that the engine wants to change, but that is gone; returns its properties.

    Raises:
        grpc.RpcError: the plugin refuses or fails.
    """
    create = wire.CreateRequest(
        urn=request.urn,
        name=request.name,
        type=request.type,
        properties=request.news,
        timeout=request.timeout,
    )
    properties: Struct = created(call, create).properties
    return properties
