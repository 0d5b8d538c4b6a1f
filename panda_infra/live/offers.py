"""Check that a cluster has everything that a plan expects in it, before anything is made.

Only certain failures are problems. Notes name the things that the user may not list, and those that a virtual or a
growing cluster may have without showing them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, TypeVar

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.config.cluster import MagnumCluster
from panda_infra.config.quantities import amount
from panda_infra.errors import Problem
from panda_infra.live.autoscalers import two_owners
from panda_infra.live.ingress_trial import tried
from panda_infra.live.shipper_trial import shipper_refused
from panda_infra.plan.capacity import Requests
from panda_infra.plan.demands import Demand, Kind, demands
from panda_infra.plan.model import Plan
from panda_infra.plan.scheduling import Node, unplaceable

__all__ = ["Report", "look"]

T = TypeVar("T")

_COLLECTIONS: Mapping[Kind, str] = {
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
    "CSIDriver": "/apis/storage.k8s.io/v1/csidrivers",
    "IngressClass": "/apis/networking.k8s.io/v1/ingressclasses",
    "GatewayClass": "/apis/gateway.networking.k8s.io/v1/gatewayclasses",
    "Route": "/apis/route.openshift.io/v1",
    "CiliumNetworkPolicy": "/apis/cilium.io/v2",
    "ServiceMonitor": "/apis/monitoring.coreos.com/v1",
    "Certificate": "/apis/cert-manager.io/v1",
    "ClusterIssuer": "/apis/cert-manager.io/v1/clusterissuers",
    "Cluster": "/apis/postgresql.cnpg.io/v1",
    "ObjectStore": "/apis/barmancloud.cnpg.io/v1",
    "MariaDB": "/apis/k8s.mariadb.com/v1alpha1",
}
# Kinds of which only the API must be there: what is missing without it, and what to do.
_APIS: Mapping[Kind, tuple[str, str]] = {
    "Route": (
        "the cluster has no OpenShift Routes",
        "Write `exposure: {kind: nginx}`, or the kind that the cluster has.",
    ),
    "CiliumNetworkPolicy": (
        "the cluster's network is not Cilium's",
        "Write `kind: standard`, if its network plug-in enforces NetworkPolicies.",
    ),
    "ServiceMonitor": (
        "the cluster has no Prometheus operator: there are no ServiceMonitors and PrometheusRules",
        "Have the operator installed, or write `kind: annotations`.",
    ),
    "Certificate": (
        "the cluster has no cert-manager: its API cert-manager.io/v1 is not installed",
        "Have it installed, or write `certificates: {kind: generated}` or `{kind: given}`.",
    ),
    "Cluster": (
        "the cluster has no operator CloudNativePG",
        "Have it installed by the cluster's administrator, or use databases outside of the stack.",
    ),
    "ObjectStore": (
        "the cluster's CloudNativePG has no plugin Barman Cloud, which makes backups",
        "Have it installed beside the operator, or remove `postgres.backup`.",
    ),
    "MariaDB": (
        "the cluster has no mariadb-operator",
        "Have it installed by the cluster's administrator, or use databases outside of the stack.",
    ),
}
_FIXES: Mapping[Kind, str] = {
    "StorageClass": "Write one that the cluster has",
    "CSIDriver": "Remove the key, or have the driver installed; drivers that the cluster has",
    "IngressClass": "Have an ingress controller of this class installed, or write a class that the cluster has",
    "ClusterIssuer": "Write one that the cluster has, or remove the key for an Issuer of the stack's own",
    "GatewayClass": "Have a controller of this class installed, or write a class that the cluster has",
}
# Label of a node that stands for the unknown nodes under a virtual cluster.
_VIRTUAL = "vcluster.loft.sh/fake-node"
_AUTOSCALERS = (
    "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status",
    "/apis/karpenter.sh/v1/nodepools",
)
# The API server's cache is fresh enough, and cheaper than a read of hundreds of nodes.
_CACHED = [("resourceVersion", "0")]
_ENDLESS = Requests(Decimal("Infinity"), Decimal("Infinity"))


@dataclass(frozen=True)
class Report:
    """The problems that prevent the deployment of a plan, and notes of one line each."""

    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class _Refused:
    """The user may not read it."""


def look(plan: Plan, api: KubernetesApi) -> Report:
    """Check everything in parallel.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    wanted = demands(plan)
    kinds = sorted({demand.kind for demand in wanted})
    with ThreadPoolExecutor(max_workers=len(kinds) + 4) as beside:
        listed = {kind: beside.submit(_unless_refused, lambda kind=kind: _names(api, kind)) for kind in kinds}
        nodes = beside.submit(_unless_refused, lambda: _nodes(api))
        trials = [beside.submit(each, plan, api) for each in (tried, shipper_refused)]
        scaled = beside.submit(lambda: list(two_owners(plan, api)))
    refused = [problem for each in trials for problem in each.result()[0]]
    notes = [note for each in trials for note in each.result()[1]]
    there = nodes.result()
    found = [
        *_absent(plan, api, wanted, listed, _known(there)),
        *([] if isinstance(there, _Refused) else _homeless(plan, api, there)),
        *scaled.result(),
    ]
    if isinstance(there, _Refused):
        notes = [*notes, "whether each pod finds a node was not looked at: the user may not list nodes"]
    return Report(
        [*(each for each in found if isinstance(each, Problem)), *refused],
        [*(each for each in found if isinstance(each, str)), *notes],
    )


def _unless_refused(question: Callable[[], T]) -> T | _Refused:
    try:
        return question()
    except KubernetesNotAllowedError as error:
        if error.status != HTTPStatus.FORBIDDEN:  # the API does not accept the credential at all
            raise
        return _Refused()


def _names(api: KubernetesApi, kind: Kind) -> Collection[str] | None:
    """The names of a kind's objects, or that of their API if it alone counts; None if the cluster has no such kind."""
    found = api.call("GET", _COLLECTIONS[kind], missing=True)
    if found is None:
        return None
    if kind in _APIS:
        return [_COLLECTIONS[kind].split("/")[2]]
    return [item["metadata"]["name"] for item in found.get("items") or ()]


def _nodes(api: KubernetesApi) -> list[Node]:
    found = api.call("GET", "/api/v1/nodes", query=_CACHED)
    return [_node(item) for item in found.get("items") or ()]


def _node(item: Mapping[str, Any]) -> Node:
    allocatable = (item.get("status") or {}).get("allocatable") or {}
    return Node(
        item["metadata"]["name"],
        item["metadata"].get("labels") or {},
        (item.get("spec") or {}).get("taints") or (),
        Requests(_amount(allocatable.get("cpu")), _amount(allocatable.get("memory"))),
    )


def _amount(quantity: str | None) -> Decimal:
    """The amount of a quantity; infinite if a node states none that can be read."""
    try:
        return amount(str(quantity))
    except (AttributeError, KeyError):
        return _ENDLESS.cpu


def _known(nodes: Sequence[Node] | _Refused) -> bool:
    """True if the cluster lists everything that it has."""
    return not isinstance(nodes, _Refused) and bool(nodes) and not _is_virtual(nodes)


def _is_virtual(nodes: Iterable[Node]) -> bool:
    return any(_VIRTUAL in node.labels for node in nodes)


def _absent(
    plan: Plan,
    api: KubernetesApi,
    wanted: Iterable[Demand],
    listed: Mapping[Kind, Future[Collection[str] | _Refused | None]],
    known: bool,
) -> Iterator[Problem | str]:
    unseen: dict[Kind, list[str]] = {}
    for demand in wanted:
        names = listed[demand.kind].result()
        if isinstance(names, _Refused):
            unseen.setdefault(demand.kind, []).append(f"{demand.name} ({demand.where})")
        elif names is None and demand.kind == "ClusterIssuer":
            continue  # the demand for Certificates reports that cert-manager is missing
        elif names is None or demand.name not in names:
            problem = _problem(demand, names)
            # A user of a part of the cluster may get an empty list.
            sure = known or (bool(names) and demand.kind not in _APIS)
            if sure and not (demand.kind == "StorageClass" and _has_claims(plan, api, demand.name)):
                yield problem
            else:
                yield f"{problem.where}: {problem.what}; the deployment will show whether that matters"
    for kind, missing in unseen.items():
        yield f"the user may not list each {kind}, so that of {', '.join(missing)} was not looked at"


def _problem(demand: Demand, names: Collection[str] | None) -> Problem:
    if demand.kind in _APIS:
        return Problem(demand.where, *_APIS[demand.kind])
    if names is None:
        what = f"the cluster has no {demand.kind} at all: that API is not installed"
        return Problem(demand.where, what, "Have it installed, or write another `exposure.kind`.")
    what = f"the cluster has no {demand.kind} {demand.name}"
    return Problem(demand.where, what, f"{_FIXES[demand.kind]}: {', '.join(sorted(names)) or 'none'}.")


def _has_claims(plan: Plan, api: KubernetesApi, storage_class: str) -> bool:
    """True if the stack has volumes of the class: they stay even if the class is gone."""
    path = f"/api/v1/namespaces/{plan.config.namespace}/persistentvolumeclaims"
    claims = _unless_refused(lambda: (api.call("GET", path, missing=True) or {}).get("items") or [])
    if isinstance(claims, _Refused):
        return False
    return any(claim["spec"].get("storageClassName") == storage_class for claim in claims)


def _homeless(plan: Plan, api: KubernetesApi, nodes: Sequence[Node]) -> Iterator[Problem | str]:
    if isinstance(plan.config.cluster, MagnumCluster):
        return  # Magnum makes its nodes after the stack file, so they may still change
    if not nodes or _is_virtual(nodes):
        yield "whether each pod finds a node was not looked at: the cluster shows none of its real nodes"
        return
    found = list(unplaceable(plan, nodes))
    if found and _grows(api):
        for problem in found:
            yield f"{problem.where}: {problem.what}, unless the autoscaler adds one"
    else:
        yield from found


def _grows(api: KubernetesApi) -> bool:
    def there(path: str) -> bool:
        return api.call("GET", path, missing=True) is not None

    return any(_unless_refused(lambda path=path: there(path)) is True for path in _AUTOSCALERS)  # type: ignore[misc]
