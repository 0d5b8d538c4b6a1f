"""The rules that Cilium's policies add to the standard ones: hosts by their names, the API server, its own Ingress."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from panda_infra.config.network_policies import NetworkPolicies
from panda_infra.plan.network.edges import Edge, Place

__all__ = ["by_cilium", "cilium_spec"]

_NAMESPACE = "k8s:io.kubernetes.pod.namespace"


def by_cilium(place: Place, section: NetworkPolicies) -> bool:
    """True for a target that only Cilium's own policy allows: one by its name, or the API server."""
    if place.kind == "api server":
        return not section.api_server
    return place.kind == "host" and place.name not in section.hosts


def cilium_spec(
    labels: Mapping[str, str], incoming: Sequence[Edge], outgoing: Sequence[Edge], section: NetworkPolicies
) -> dict[str, Any]:
    """The specification of a CiliumNetworkPolicy for the pods with these labels.

    A name is only known to Cilium if it has seen the answer of the name server, so that each question passes its proxy.
    """
    spec: dict[str, Any] = {"endpointSelector": {"matchLabels": dict(labels)}}
    # A controller in the network of its node has the identity of another node, whatever its address.
    nodes = ["remote-node"] if section.ingress_networks else []
    known = {"ingress": ["ingress", *nodes], "api server": [] if section.api_server else ["kube-apiserver"]}
    ingress = [
        {"fromEntities": entities, "toPorts": _ports(ports)}
        for kind, entities in known.items()
        if entities and (ports := sorted({edge.port for edge in incoming if edge.source.kind == kind}))
    ]
    if ingress:
        spec["ingress"] = ingress
    egress: list[dict[str, Any]] = [_names()]
    targets: dict[Place, list[int]] = {}
    for edge in outgoing:
        if by_cilium(edge.target, section):
            targets.setdefault(edge.target, []).append(edge.port)
    egress += [_to(place) | {"toPorts": _ports(ports)} for place, ports in targets.items()]
    return spec | {"egress": egress}


def _to(place: Place) -> dict[str, Any]:
    if place.kind == "host":
        return {"toFQDNs": [{"matchName": place.name}]}
    return {"toEntities": ["kube-apiserver"]}


def _names() -> dict[str, Any]:
    server = {"matchLabels": {_NAMESPACE: "kube-system"}}
    questions = {"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}
    return {"toEndpoints": [server], "toPorts": [questions]}


def _ports(ports: Iterable[int]) -> list[dict[str, Any]]:
    return [{"ports": [{"port": str(port), "protocol": "TCP"} for port in ports]}]
