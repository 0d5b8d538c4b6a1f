"""The cluster of one provider, as the engine configures it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import PandaInfraError
from panda_infra.guard.others import SECRET

__all__ = ["Call", "Cluster"]

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # an unknown value on the wire

Call = Callable[[str, Any], bytes]
"""Calls the official plugin by method and request."""


class Cluster:
    """Connects at the first use; ``connect`` returns the API for a kubeconfig's text and context. Safe for threads."""

    def __init__(self, connect: Callable[[str, str], KubernetesApi]) -> None:
        self._connect = connect
        self._kubeconfig: tuple[str, str] | None = None
        self._api: KubernetesApi | None = None
        self._lock = threading.Lock()

    def configure(self, request: wire.ConfigureRequest) -> None:
        """Store the kubeconfig that the engine gives to the official plugin; nothing is connected yet."""
        text = _argument(request, "kubeconfig")
        context = _argument(request, "context")
        if text and text != _UNKNOWN:
            self._kubeconfig = text, context

    @property
    def api(self) -> KubernetesApi | None:
        """The API; None as long as the way into the cluster is not known."""
        with self._lock:
            if self._api is None and self._kubeconfig is not None:
                self._api = self._connect(*self._kubeconfig)
            return self._api

    def connected(self) -> KubernetesApi:
        """The API, for calls that cannot do without it.

        Raises:
            PandaInfraError: the way into the cluster is not known.
        """
        api = self.api
        if api is None:
            raise PandaInfraError("the way into the cluster is not known yet")
        return api


def _argument(request: wire.ConfigureRequest, name: str) -> str:
    """A text of the provider's configuration, secret or not."""
    value = request.args.fields[name]
    if value.HasField("struct_value") and SECRET in value.struct_value.fields:
        value = value.struct_value.fields["value"]
    return str(value.string_value or request.variables.get(f"kubernetes:config:{name}", ""))
