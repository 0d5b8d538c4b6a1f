"""Objects that a plan requires in its cluster, each with the key of the stack file that names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from panda_infra.config.certificates import CertManagerCertificates
from panda_infra.config.operators import Servers
from panda_infra.config.stack import Settings
from panda_infra.plan.capacity import Workload, workloads
from panda_infra.plan.ingresses import value_at
from panda_infra.plan.mariadb import API as MARIADB_API
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.exporters import monitoring_of
from panda_infra.plan.network.edges import policies_of
from panda_infra.plan.operators import storage_class
from panda_infra.plan.postgres import API, PLUGIN_API
from panda_infra.products.registry import COMPONENTS

__all__ = ["CVMFS_DRIVER", "Demand", "Kind", "demands"]

Kind = Literal[
    "StorageClass",
    "IngressClass",
    "GatewayClass",
    "Route",
    "CSIDriver",
    "CiliumNetworkPolicy",
    "ServiceMonitor",
    "Certificate",
    "ClusterIssuer",
    "Cluster",
    "ObjectStore",
    "MariaDB",
]
CVMFS_DRIVER = "cvmfs.csi.cern.ch"


@dataclass(frozen=True)
class Demand:
    """An object that must exist; of OpenShift's Routes and what operators bring, the API must serve the kind."""

    kind: Kind
    name: str
    where: str


def demands(plan: Plan) -> list[Demand]:
    """Each required object once, at the first key that names it."""
    found: dict[tuple[str, str], Demand] = {}
    for demand in (
        *_storage(plan),
        *_exposure(plan),
        *_drivers(plan),
        *_policies(plan),
        *_operators(plan),
        *_certificates(plan),
        *_databases(plan),
    ):
        found.setdefault((demand.kind, demand.name), demand)
    return list(found.values())


def _storage(plan: Plan) -> Iterator[Demand]:
    config = plan.config
    if plan.shared_claim and not plan.shared_claim.share_id:
        own = config.storage.shared_logs and config.storage.shared_logs.class_name
        where = "storage.sharedLogs.class" if own else "storage.class"
        yield Demand("StorageClass", plan.shared_claim.storage_class, where)
    for each in workloads(plan):
        for claim in each.spec.claims:
            values = each.values.get(claim.key) or {}
            if (name := values.get("class")) and not claim.existing(values):
                yield Demand("StorageClass", str(name), _where(config, each, claim.name, str(name)))


def _where(config: Settings, workload: Workload, claim: str, name: str) -> str:
    component = config.components.deployed()[workload.component]
    volume = getattr(component, workload.spec.attribute).volumes.get(claim)
    if volume and volume.class_name == name:
        return f"components.{workload.component}.{workload.spec.name}.volumes.{claim}.class"
    return "storage.class" if name == config.storage.class_name else f"components.{workload.component}.values"


def _exposure(plan: Plan) -> Iterator[Demand]:
    exposure = plan.config.exposure
    # An Ingress that was found without a class has an annotation instead, which requires no IngressClass.
    exposed = any(
        end.host in plan.hosts and value_at(release.values, end.key).get("className") != ""
        for release in plan.releases
        for end in COMPONENTS[release.component].endpoints
    )
    if not exposed:
        return
    if exposure.kind == "route":
        yield Demand("Route", "route.openshift.io", "exposure.kind")
    elif exposure.kind == "gateway":
        yield Demand("GatewayClass", exposure.class_name, "exposure.className")
    else:
        yield Demand("IngressClass", exposure.class_name, "exposure.className")


def _drivers(plan: Plan) -> Iterator[Demand]:
    for each in workloads(plan):
        if (each.values.get("cvmfs") or {}).get("enabled"):
            where = f"components.{each.component}.{each.spec.name}.cvmfs"
            yield Demand("CSIDriver", CVMFS_DRIVER, where)


def _policies(plan: Plan) -> Iterator[Demand]:
    section = policies_of(plan.config)
    if section and section.kind == "cilium":
        yield Demand("CiliumNetworkPolicy", "cilium.io", "networkPolicies.kind")


def _operators(plan: Plan) -> Iterator[Demand]:
    section = monitoring_of(plan.config)
    if section and section.kind == "prometheusOperator":
        yield Demand("ServiceMonitor", "monitoring.coreos.com", "monitoring.kind")


def _certificates(plan: Plan) -> Iterator[Demand]:
    source = plan.config.certificates
    if isinstance(source, CertManagerCertificates):
        yield Demand("Certificate", "cert-manager.io", "certificates.kind")
        if source.cluster_issuer:
            yield Demand("ClusterIssuer", source.cluster_issuer, "certificates.clusterIssuer")


def _databases(plan: Plan) -> Iterator[Demand]:
    config = plan.config
    if config.postgres:
        yield Demand("Cluster", API.partition("/")[0], "postgres.operator")
        if config.postgres.backup:
            yield Demand("ObjectStore", PLUGIN_API.partition("/")[0], "postgres.backup")
        yield from _volumes(plan, "postgres", config.postgres.databases)
    if config.mariadb:
        yield Demand("MariaDB", MARIADB_API.partition("/")[0], "mariadb.operator")
        yield from _volumes(plan, "mariadb", config.mariadb.databases)


def _volumes(plan: Plan, section: str, given: Mapping[str, Servers]) -> Iterator[Demand]:
    """The storage class of each database of an operator."""
    for component, settings in given.items():
        own = f"{section}.databases.{component}.class"
        yield Demand(
            "StorageClass", storage_class(plan, settings), own if settings.class_name else "storage.class"
        )
