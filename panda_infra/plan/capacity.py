"""Compares the resources that a stack's pods reserve with those of its nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from types import MappingProxyType
from typing import Any

from panda_infra.config.cluster import Cluster, MagnumCluster
from panda_infra.config.quantities import amount
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.flavors import FLAVORS, Flavor
from panda_infra.plan.model import Plan
from panda_infra.products.model import SubComponentSpec
from panda_infra.products.registry import COMPONENTS

__all__ = [
    "CHART_REQUESTS",
    "GIB",
    "Requests",
    "Storage",
    "Workload",
    "cloud_storage",
    "homeless",
    "node_sizes",
    "room_of",
    "total",
    "workloads",
]

GIB = Decimal(1024) ** 3
_MANILA = "manila"  # prefix of the names of Manila's storage classes
# The default requests of each sub-chart that has any (T41).
CHART_REQUESTS: Mapping[str, str] = MappingProxyType({"cpu": "4", "memory": "16Gi"})


@dataclass(frozen=True)
class Requests:
    """Resources that the scheduler reserves: ``cpu`` in cores, ``memory`` in bytes."""

    cpu: Decimal
    memory: Decimal

    def __add__(self, other: Requests) -> Requests:
        return Requests(self.cpu + other.cpu, self.memory + other.memory)

    def __str__(self) -> str:
        if not self.cpu and not self.memory:
            return "none"
        return f"{_short(self.cpu)} CPU, {_short(self.memory / GIB)} GiB"

    def within(self, room: Requests) -> bool:
        """True if they fit into that room on an otherwise empty node."""
        return self.cpu <= room.cpu and self.memory <= room.memory

    def fit(self, flavor: Flavor) -> bool:
        """True if they fit on a node of that flavor; the system's own part is not subtracted."""
        return self.within(room_of(flavor))


@dataclass(frozen=True)
class Workload:
    """A running sub-component: ``requests`` are those of one of its ``pods``, ``values`` are its chart's."""

    component: str
    spec: SubComponentSpec
    pods: int
    requests: Requests
    values: Mapping[str, Any]


def workloads(plan: Plan) -> Iterator[Workload]:
    """Every long-running workload, in the plan's order."""
    deployed = plan.config.components.deployed()
    for release in plan.releases:
        spec = COMPONENTS[release.component]
        for sub, _ in enabled_sub_components(spec, deployed[release.component]):
            if sub.workload == "Job":
                continue
            values = release.values[sub.name]
            pods = values.get("replicaCount", 1)
            yield Workload(release.component, sub, pods, _requests(sub, values.get("resources")), values)


def total(running: Iterable[Workload]) -> Requests:
    """The sum over all pods."""
    pods = [each.requests for each in running for _ in range(each.pods)]
    return sum(pods, start=Requests(Decimal(), Decimal()))


def room_of(flavor: Flavor) -> Requests:
    """All resources of a node of a flavor."""
    return Requests(Decimal(flavor.cpus), flavor.memory * Decimal(1024) ** 2)


def node_sizes(
    cluster: Cluster, flavors: Mapping[str, Flavor] = FLAVORS
) -> tuple[tuple[str, Flavor, int], ...]:
    """Name, size and number of the workers of each flavor; empty if any flavor is unknown."""
    if not isinstance(cluster, MagnumCluster):
        return ()
    groups = [(cluster.flavor, cluster.node_count), *((g.flavor, g.count) for g in cluster.node_groups)]
    if any(name not in flavors for name, _ in groups):
        return ()
    return tuple((name, flavors[name], count) for name, count in groups)


def homeless(plan: Plan, flavors: Mapping[str, Flavor] = FLAVORS) -> list[Workload]:
    """The workloads whose pods fit on no known node; none if the nodes are unknown."""
    sizes = [flavor for _, flavor, _ in node_sizes(plan.config.cluster, flavors)]
    if not sizes:
        return []
    return [each for each in workloads(plan) if not any(each.requests.fit(size) for size in sizes)]


@dataclass(frozen=True)
class Storage:
    """Storage of claims in an OpenStack project: block ``volumes``, and ``shares`` of ``share_gib`` GiB in all."""

    volumes: int = 0
    shares: int = 0
    share_gib: int = 0

    def __add__(self, other: Storage) -> Storage:
        return Storage(
            self.volumes + other.volumes, self.shares + other.shares, self.share_gib + other.share_gib
        )


def cloud_storage(plan: Plan, *, but: Collection[str] = ()) -> Storage:
    """The storage that claims will use in OpenStack, except those of the components in ``but``, which exist already.

    The claim for shared logs counts only if ``but`` is empty.
    """
    found = [
        _taken(str(values["class"]), values.get("size") or claim.size, _claims(each))
        for each in workloads(plan)
        if each.component not in but
        for claim in each.spec.claims
        if (values := each.values.get(claim.key)) and not claim.existing(values)
    ]
    shared = plan.shared_claim
    if shared and not shared.share_id and not but:
        found.append(_taken(shared.storage_class, shared.size, 1))
    return sum(found, start=Storage())


def _claims(each: Workload) -> int:
    """The number of claims: a StatefulSet makes one for each pod; the pods of a Deployment share one."""
    return each.pods if each.spec.workload == "StatefulSet" else 1


def _taken(storage_class: str, size: str, number: int) -> Storage:
    """The storage of claims of a class; a class of Manila, recognized by its name, uses shares."""
    if not storage_class.startswith(_MANILA):
        return Storage(volumes=number)
    return Storage(shares=number, share_gib=number * ceil(amount(size) / GIB))


def _requests(spec: SubComponentSpec, resources: Mapping[str, Mapping[str, str | None]] | None) -> Requests:
    if resources is None:
        given = CHART_REQUESTS if spec.reserves else {}
    else:
        # Kubernetes uses a limit as the request if that is missing.
        given = {
            name: quantity
            for kind in ("limits", "requests")
            for name, quantity in (resources.get(kind) or {}).items()
            if quantity is not None
        }
    return Requests(amount(given.get("cpu", "0")), amount(given.get("memory", "0")))


def _short(number: Decimal) -> str:
    """The number with at most two decimal places, without trailing zeros."""
    return f"{number.quantize(Decimal('0.01')).normalize():f}"
