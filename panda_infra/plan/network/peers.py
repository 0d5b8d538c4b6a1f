"""The parts of which NetworkPolicies are made, for whole stacks and for developers' namespaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from panda_infra.config.networks import Surroundings

__all__ = [
    "EVERYWHERE",
    "address",
    "block",
    "controllers",
    "in_namespace",
    "name_servers",
    "outside",
    "pods",
    "tcp",
]

EVERYWHERE = ("0.0.0.0/0", "::/0")

_NAME = "kubernetes.io/metadata.name"
_DNS = (53,)
# A cache of the name server has this address on each node that has one.
_NODE_LOCAL_DNS = "169.254.20.10/32"
# OpenShift's name server has another namespace, and its pods another port than its Service.
_OPENSHIFT_ROUTER = {"policy-group.network.openshift.io/ingress": ""}
_OPENSHIFT, _OPENSHIFT_DNS = "openshift-dns", (53, 5353)


def block(network: str) -> dict[str, Any]:
    """The addresses of a network."""
    return {"ipBlock": {"cidr": network}}


def address(text: str) -> dict[str, Any]:
    """One address, IPv4 or IPv6."""
    return block(f"{text}/{128 if ':' in text else 32}")


def pods(labels: dict[str, str]) -> dict[str, Any]:
    """Pods of the same namespace by their labels; all of them without labels."""
    return {"podSelector": {"matchLabels": labels} if labels else {}}


def in_namespace(name: str) -> dict[str, Any]:
    """All pods of a namespace."""
    return {"namespaceSelector": {"matchLabels": {_NAME: name}}}


def outside(around: Surroundings) -> list[dict[str, Any]]:
    """Every address that is not of the cluster."""
    return [_without(network, around.inner_networks) for network in EVERYWHERE]


def _without(network: str, inner: tuple[str, ...]) -> dict[str, Any]:
    """A network without the inner ones of its family."""
    alike = [each for each in inner if (":" in each) == (":" in network)]
    return {"ipBlock": {"cidr": network, **({"except": alike} if alike else {})}}


def controllers(around: Surroundings, *, openshift: bool = False) -> list[dict[str, Any]]:
    """The pods and addresses of the ingress controllers; OpenShift's router may use the network of its node."""
    named = [*map(in_namespace, around.ingress_namespaces), *map(block, around.ingress_networks)]
    return [*named, {"namespaceSelector": {"matchLabels": _OPENSHIFT_ROUTER}}] if openshift else named


def name_servers(*, openshift: bool = False) -> dict[str, Any]:
    """The rule of egress that lets pods ask the cluster's name server."""
    servers = [in_namespace("kube-system"), block(_NODE_LOCAL_DNS)]
    if openshift:
        servers.append(in_namespace(_OPENSHIFT))
    ports = _OPENSHIFT_DNS if openshift else _DNS
    return {
        "to": servers,
        "ports": [{"protocol": protocol, "port": port} for port in ports for protocol in ("UDP", "TCP")],
    }


def tcp(ports: Iterable[int]) -> list[dict[str, Any]]:
    """TCP ports."""
    return [{"protocol": "TCP", "port": port} for port in ports]
