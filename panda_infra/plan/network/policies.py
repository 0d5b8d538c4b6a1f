"""The objects that allow the edges of a stack, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panda_infra.config.network_policies import NetworkPolicies
from panda_infra.plan import backup
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring import logs
from panda_infra.plan.monitoring.exporters import exporters
from panda_infra.plan.network.cilium import by_cilium, cilium_spec
from panda_infra.plan.network.databases import database_label, database_pods
from panda_infra.plan.network.edges import (
    BACKUP,
    LOGS,
    NODE_RECOVERY,
    Edge,
    Place,
    exporting,
    part,
    policies_of,
)
from panda_infra.plan.network.peers import (
    EVERYWHERE,
    address,
    block,
    controllers,
    in_namespace,
    name_servers,
    outside,
    pods,
    tcp,
)
from panda_infra.plan.node_recovery import LABELS, NAME, recovers_in_cluster
from panda_infra.products.network import EVERY_PORT
from panda_infra.products.registry import COMPONENTS

__all__ = ["PolicyObject", "policies"]

_STANDARD = "networking.k8s.io/v1"
_CILIUM = "cilium.io/v2"
_PREFIX = "panda-infra"
_BOTH = ["Ingress", "Egress"]
# Pods of ingress controllers listen here; kube-proxy leads from a load balancer's address in the cluster to them.
_CONTROLLERS = (443, 8443, 10443)


@dataclass(frozen=True)
class PolicyObject:
    """An object by its API, kind and name, with its specification."""

    api: str
    kind: str
    name: str
    spec: Mapping[str, Any]


def _parts(plan: Plan) -> dict[Place, tuple[str, dict[str, str]]]:
    """Everything of the stack that has pods in its namespace: the workload's name, and the labels of its pods."""
    found: dict[Place, tuple[str, dict[str, str]]] = {}
    for name, component in plan.config.components.deployed().items():
        for sub, _ in enabled_sub_components(COMPONENTS[name], component):
            labels = sub.pod_labels(plan.names.release(name))
            found[part(name, sub.name)] = plan.names.workload(name, sub.name), labels
    if recovers_in_cluster(plan):
        found[NODE_RECOVERY] = NAME, dict(LABELS)
    for planned in exporters(plan.config):
        found[exporting(planned.name)] = planned.name, planned.labels
    for each in database_pods(plan.config):
        found[Place("pods", each.part)] = each.cluster, database_label(each.cluster)
    if logs.shipping(plan.config):
        found[LOGS] = logs.NAME, dict(logs.LABELS)
    if backup.backed_up(plan):
        found[BACKUP] = backup.NAME, dict(backup.LABELS)
    return found


def policies(plan: Plan) -> tuple[PolicyObject, ...]:
    """Every object, in the order in which they are made; none without the section."""
    section = policies_of(plan.config)
    return () if section is None else tuple(_policies(plan, section))


def _policies(plan: Plan, section: NetworkPolicies) -> Iterator[PolicyObject]:
    known = _parts(plan)
    labels = {place: each for place, (_, each) in known.items()}
    openshift = plan.config.exposure.kind == "route"
    peers = _Peers(section, labels, openshift)
    for place, (workload, own) in known.items():
        incoming = [edge for edge in plan.edges if edge.target == place]
        outgoing = [edge for edge in plan.edges if edge.source == place]
        ingress = _rules("from", ((peers.sources(edge.source), edge.port) for edge in incoming))
        egress = _rules("to", (way for edge in outgoing for way in peers.ways_out(edge)))
        if section.kind != "cilium":
            egress.insert(0, name_servers(openshift=openshift))
        spec = {
            "podSelector": {"matchLabels": own},
            "policyTypes": _BOTH,
            **({"ingress": ingress} if ingress else {}),
            **({"egress": egress} if egress else {}),
        }
        name = workload if workload.startswith(_PREFIX) else f"{_PREFIX}-{workload}"
        yield PolicyObject(_STANDARD, "NetworkPolicy", name, spec)
        if section.kind == "cilium":
            added = cilium_spec(own, incoming, outgoing, section)
            yield PolicyObject(_CILIUM, "CiliumNetworkPolicy", name, added)
    # Pods that no component describes, such as those of a hook, may connect to nobody; pods of others stay as they are.
    if not plan.config.adopts_namespace:
        spec = {"podSelector": {}, "policyTypes": _BOTH}
        yield PolicyObject(_STANDARD, "NetworkPolicy", f"{_PREFIX}-default-deny", spec)


def _rules(word: str, ways: Iterable[tuple[list[dict[str, Any]], int]]) -> list[dict[str, Any]]:
    """One rule for each group of peers, with all ports there."""
    groups: list[tuple[list[dict[str, Any]], list[int]]] = []
    for peers, port in ways:
        for known, ports in groups:
            if known == peers:
                ports.append(port)
                break
        else:
            groups.append((peers, [port]))
    return [{word: peers, "ports": _ports(ports)} for peers, ports in groups if peers]


def _ports(ports: Iterable[int]) -> list[dict[str, Any]]:
    given = sorted(set(ports))
    return [{"protocol": "TCP"}] if EVERY_PORT in given else tcp(given)


@dataclass(frozen=True)
class _Peers:
    section: NetworkPolicies
    labels: Mapping[Place, dict[str, str]]
    openshift: bool

    def sources(self, place: Place) -> list[dict[str, Any]]:
        if place.kind == "ingress":
            return controllers(self.section, openshift=self.openshift)
        if place.kind == "api server":
            return [block(network) for network in self.section.api_server]
        return self._peers(place)

    def ways_out(self, edge: Edge) -> Iterator[tuple[list[dict[str, Any]], int]]:
        if self.section.kind == "cilium" and by_cilium(edge.target, self.section):
            return
        yield self._peers(edge.target), edge.port
        if edge.target.kind == "ingress":
            inside = self.sources(edge.target)
            yield from ((inside, port) for port in _CONTROLLERS)

    def _peers(self, place: Place) -> list[dict[str, Any]]:
        if given := self._networks(place):
            return [block(network) for network in given]
        match place.kind:
            case "pods":
                return [pods(self.labels[place])]
            case "beside":
                return [pods({})]
            case "namespace":
                return [in_namespace(place.name)]
            case "address":
                return [address(place.name)]
            case _:
                return outside(self.section)

    def _networks(self, place: Place) -> Sequence[str]:
        """The networks of a place that has some; empty for others."""
        match place.kind:
            case "network":
                return [place.name]
            case "anywhere":
                return EVERYWHERE
            case "api server":
                return self.section.api_server or EVERYWHERE
            case _:
                return self.section.hosts.get(place.name, ())
