"""What a stack's pods reserve, against what its nodes have."""

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
_MANILA = "manila"  # how the names of Manila's storage classes begin
# What each sub-chart that reserves anything reserves by itself (T41).
CHART_REQUESTS: Mapping[str, str] = MappingProxyType({"cpu": "4", "memory": "16Gi"})


@dataclass(frozen=True)
class Requests:
    """Reserved by the scheduler: ``cpu`` in cores, ``memory`` in bytes."""

    cpu: Decimal
    memory: Decimal

    def __add__(self, other: Requests) -> Requests:
        return Requests(self.cpu + other.cpu, self.memory + other.memory)

    def __str__(self) -> str:
        if not self.cpu and not self.memory:
            return "none"
        return f"{_short(self.cpu)} CPU, {_short(self.memory / GIB)} GiB"

    def within(self, room: Requests) -> bool:
        """Whether a node with that room could hold them, if it held nothing else."""
        return self.cpu <= room.cpu and self.memory <= room.memory

    def fit(self, flavor: Flavor) -> bool:
        """The same of a node of that flavor, of which a part is the system's."""
        return self.within(room_of(flavor))


@dataclass(frozen=True)
class Workload:
    """A sub-component that runs: ``requests`` are those of one of its ``pods``, ``values`` its chart's."""

    component: str
    spec: SubComponentSpec
    pods: int
    requests: Requests
    values: Mapping[str, Any]


def workloads(plan: Plan) -> Iterator[Workload]:
    """Everything that runs for long, in the plan's order."""
    deployed = plan.config.components.deployed()
    for release in plan.releases:
        spec = COMPONENTS[release.component]
        for sub, _ in enabled_sub_components(spec, deployed[release.component]):
            values = release.values[sub.name]
            pods = values.get("replicaCount", 1)
            yield Workload(release.component, sub, pods, _requests(sub, values.get("resources")), values)


def total(running: Iterable[Workload]) -> Requests:
    """The sum over all pods."""
    pods = [each.requests for each in running for _ in range(each.pods)]
    return sum(pods, start=Requests(Decimal(), Decimal()))


def room_of(flavor: Flavor) -> Requests:
    """All that a node of a flavor has."""
    return Requests(Decimal(flavor.cpus), flavor.memory * Decimal(1024) ** 2)


def node_sizes(
    cluster: Cluster, flavors: Mapping[str, Flavor] = FLAVORS
) -> tuple[tuple[str, Flavor, int], ...]:
    """Name, size and number of the workers of each flavor; empty where not all of them are known."""
    if not isinstance(cluster, MagnumCluster):
        return ()
    groups = [(cluster.flavor, cluster.node_count), *((g.flavor, g.count) for g in cluster.node_groups)]
    if any(name not in flavors for name, _ in groups):
        return ()
    return tuple((name, flavors[name], count) for name, count in groups)


def homeless(plan: Plan, flavors: Mapping[str, Flavor] = FLAVORS) -> list[Workload]:
    """The workloads of which no known node could hold a pod; none where the nodes are not known."""
    sizes = [flavor for _, flavor, _ in node_sizes(plan.config.cluster, flavors)]
    if not sizes:
        return []
    return [each for each in workloads(plan) if not any(each.requests.fit(size) for size in sizes)]


@dataclass(frozen=True)
class Storage:
    """What claims take from a project of OpenStack: block ``volumes``, and ``shares`` of ``share_gib`` GiB in all."""

    volumes: int = 0
    shares: int = 0
    share_gib: int = 0

    def __add__(self, other: Storage) -> Storage:
        return Storage(
            self.volumes + other.volumes, self.shares + other.shares, self.share_gib + other.share_gib
        )


def cloud_storage(plan: Plan, *, but: Collection[str] = ()) -> Storage:
    """What the claims of all components ``but`` those that have theirs already will take from OpenStack.

    The claim for shared logs counts until any component is there.
    """
    found = [
        _taken(str(values["class"]), values.get("size") or claim.size, _claims(each))
        for each in workloads(plan)
        if each.component not in but
        for claim in each.spec.claims
        if (values := each.values.get(claim.key))
        and not values.get(claim.adopt_key)
        and not values.get("reuseLogsVolume")
    ]
    shared = plan.shared_claim
    if shared and not shared.share_id and not but:
        found.append(_taken(shared.storage_class, shared.size, 1))
    return sum(found, start=Storage())


def _claims(each: Workload) -> int:
    """A StatefulSet makes a claim for each pod; the pods of a Deployment have one together."""
    return each.pods if each.spec.workload == "StatefulSet" else 1


def _taken(storage_class: str, size: str, number: int) -> Storage:
    """By claims of a class; one of Manila's, which is told by its name, shares files."""
    if not storage_class.startswith(_MANILA):
        return Storage(volumes=number)
    return Storage(shares=number, share_gib=number * ceil(amount(size) / GIB))


def _requests(spec: SubComponentSpec, resources: Mapping[str, Mapping[str, str | None]] | None) -> Requests:
    if resources is None:
        given = CHART_REQUESTS if spec.reserves else {}
    else:
        # Kubernetes takes a limit for the request that is missing.
        given = {
            name: quantity
            for kind in ("limits", "requests")
            for name, quantity in (resources.get(kind) or {}).items()
            if quantity is not None
        }
    return Requests(amount(given.get("cpu", "0")), amount(given.get("memory", "0")))


def _short(number: Decimal) -> str:
    """At most two digits behind the point, none that are zero."""
    return f"{number.quantize(Decimal('0.01')).normalize():f}"
