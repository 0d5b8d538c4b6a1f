"""Whether network policies allow a connection, by the rules of Kubernetes' API, as a network plug-in would decide.

Blocks of addresses match pods too, by the addresses that these have: some plug-ins take them so, which allows most.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Cluster", "End"]

Policy = Mapping[str, Any]
_Rule = Mapping[str, Any]
_Peers = Sequence[Mapping[str, Any]] | None
_Ports = Sequence[Mapping[str, Any]] | None
_EVERY: _Ports = None
_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class End:
    """A pod, by its namespace and labels, or with an empty namespace something outside of the cluster."""

    namespace: str
    address: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Cluster:
    """The policies of a cluster, and the labels of its namespaces beside the one with their name."""

    policies: Sequence[Policy]
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # A stack has thousands of pairs, of which each is asked for many ports.
    _known: dict[tuple[Any, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def allows(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """True if the source may connect to that port of the target."""
        return all(
            any(_has_port(ports, port, protocol) for ports in self._ports(direction, subject, other))
            for direction, subject, other in (("Egress", source, target), ("Ingress", target, source))
        )

    def _ports(self, direction: str, subject: End, other: End) -> Sequence[_Ports]:
        """The lists of ports that the rules about a pod allow with another, in one direction."""
        key = (direction, subject, other)
        if key not in self._known:
            rules = self._rules(direction, subject)
            self._known[key] = (
                [_EVERY]
                if rules is None
                else [rule.get("ports") for peers, rule in rules if self._is_peer(peers, subject, other)]
            )
        found: Sequence[_Ports] = self._known[key]
        return found

    def _rules(self, direction: str, pod: End) -> Sequence[tuple[_Peers, _Rule]] | None:
        """The rules about a pod in one direction, each with its peers, or None if no policy is about it."""
        key = (direction, pod)
        if key not in self._known:
            word, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
            about = [each["spec"] for each in self._of(pod) if direction in _types(each["spec"])]
            rules = [(rule.get(peers), rule) for spec in about for rule in spec.get(word) or ()]
            self._known[key] = rules if about else None
        found: Sequence[tuple[_Peers, _Rule]] | None = self._known[key]
        return found

    def _of(self, pod: End) -> Iterator[Policy]:
        """The policies that select a pod."""
        if pod.namespace:
            for policy in self.policies:
                if policy["metadata"]["namespace"] == pod.namespace and _selects(
                    policy["spec"]["podSelector"], pod.labels
                ):
                    yield policy

    def _is_peer(self, peers: _Peers, subject: End, other: End) -> bool:
        return not peers or any(self._matches(peer, subject, other) for peer in peers)

    def _matches(self, peer: Mapping[str, Any], subject: End, other: End) -> bool:
        if block := peer.get("ipBlock"):
            inside = _is_in(other.address, block["cidr"])
            return inside and not any(_is_in(other.address, each) for each in block.get("except") or ())
        if not other.namespace:
            return False
        if (namespaces := peer.get("namespaceSelector")) is None:
            here = other.namespace == subject.namespace
        else:
            labels = {_NAME: other.namespace, **self.namespaces.get(other.namespace, {})}
            here = _selects(namespaces, labels)
        return here and _selects(peer.get("podSelector") or {}, other.labels)


def _types(spec: Mapping[str, Any]) -> Iterable[str]:
    """Without the field, a policy is about ingress, and about egress if it has such a rule."""
    return spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _has_port(ports: Sequence[Mapping[str, Any]] | None, port: int, protocol: str) -> bool:
    return not ports or any(
        each.get("protocol", "TCP") == protocol
        and ("port" not in each or each["port"] <= port <= each.get("endPort", each["port"]))
        for each in ports
    )


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(
        _meets(expression, labels) for expression in selector.get("matchExpressions") or ()
    )


def _meets(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


def _is_in(address: str, network: str) -> bool:
    ours, theirs = ipaddress.ip_address(address), ipaddress.ip_network(network)
    return ours.version == theirs.version and ours in theirs
