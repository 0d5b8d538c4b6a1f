"""Messages of a resource to the operator while it works."""

from __future__ import annotations

from typing import Protocol

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

__all__ = ["EngineProgress", "Progress"]


class Progress(Protocol):
    """The receiver of a resource's messages."""

    def status(self, text: str) -> None:
        """Show what the resource waits for, until the next status."""

    def warn(self, text: str) -> None:
        """Show a warning that the operator should act on."""


class EngineProgress:
    """Sends the messages of one resource to the engine, which shows them beside the resource."""

    def __init__(self, engine: engine_pb2_grpc.EngineStub, urn: str) -> None:
        self._engine = engine
        self._urn = urn

    @staticmethod
    def connect(address: str) -> engine_pb2_grpc.EngineStub:
        """A stub of the engine that started this plugin."""
        return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def status(self, text: str) -> None:
        """Show a text until the next one."""
        self._log(engine_pb2.INFO, text, ephemeral=True)

    def warn(self, text: str) -> None:
        """Show a lasting warning."""
        self._log(engine_pb2.WARNING, text, ephemeral=False)

    def _log(self, severity: engine_pb2.LogSeverity.ValueType, text: str, *, ephemeral: bool) -> None:
        self._engine.Log(
            engine_pb2.LogRequest(severity=severity, message=text, urn=self._urn, ephemeral=ephemeral)
        )
