"""The addresses of a cluster's API server, as its pods reach it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import items

__all__ = ["outlets_to_api"]

_SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
_SERVICE = "kubernetes.io/service-name"
_BITS = {"IPv4": 32, "IPv6": 128}


def outlets_to_api(api: KubernetesApi) -> list[dict[str, Any]]:
    """An outlet for each address of the Service `kubernetes`: network policies judge by a Service's endpoints.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    return sorted(_outlets(api), key=lambda outlet: str(outlet["network"]))


def _outlets(api: KubernetesApi) -> Iterator[dict[str, Any]]:
    for found in items(api, _SLICES):
        if (found["metadata"].get("labels") or {}).get(_SERVICE) != "kubernetes":
            continue
        ports = [port["port"] for port in found.get("ports") or ()]
        for endpoint in found.get("endpoints") or ():
            for address in endpoint["addresses"]:
                yield {"network": f"{address}/{_BITS[found['addressType']]}", "ports": ports}
