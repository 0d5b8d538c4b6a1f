"""Objects of a site that are missing from a bed: classes, drivers, kinds of operators, nodes for the stack's pods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from math import ceil

from panda_infra.config.quantities import amount
from panda_infra.config.stack import Settings
from panda_infra.plan.capacity import total, workloads
from panda_infra.plan.demands import CVMFS_DRIVER
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.exporters import monitoring_of
from panda_infra.plan.network.edges import policies_of
from testbed import magnum, nodes, router, waiting
from testbed.api import Api, Object
from testbed.bed import Bed

__all__ = ["objects", "provided", "workers"]

_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_INGRESS_CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_GATEWAY_CLASSES = "/apis/gateway.networking.k8s.io/v1/gatewayclasses"
# Drivers of volumes without a provisioner: Manila shares and CVMFS repositories.
_STATIC = ("cephfs.manila.csi.openstack.org", CVMFS_DRIVER)
# The operator's kinds of which a stack makes objects, with their versions.
_OF_PROMETHEUS = {"ServiceMonitor": "v1", "PrometheusRule": "v1", "AlertmanagerConfig": "v1alpha1"}
# Pods of different sizes never fill nodes completely.
_SLACK = 1.5


def workers(plan: Plan) -> int:
    """The number of a bed's workers that the plan's pods need."""
    reserved = total(workloads(plan))
    cpus = float(reserved.cpu / amount(nodes.WORKER.cpu))
    memory = float(reserved.memory / amount(nodes.WORKER.memory))
    return max(1, ceil(max(cpus, memory) * _SLACK))


@contextmanager
def provided(bed: Bed, plan: Plan) -> Iterator[None]:
    """Gives a bed the objects of the stack's site, and removes them at the end, except additional nodes."""
    api = Api(bed.kubeconfig)
    lacking = workers(plan) - len(nodes.names(bed))
    if lacking > 0:
        nodes.add(bed, lacking)
    made: list[str] = []
    try:
        for collection, body in objects(plan.config):
            name = body["metadata"]["name"]
            if name not in {item["metadata"]["name"] for item in api.list(collection)}:
                api.create(collection, body)
                made.append(f"{collection}/{name}")
            if collection == _DEFINITIONS:
                spec = body["spec"]
                version = spec["versions"][0]["name"]
                _await(bed, api, f"/apis/{spec['group']}/{version}/{spec['names']['plural']}")
        with router.running(api) if plan.config.exposure.kind == "route" else nullcontext():
            yield
    finally:
        for path in reversed(made):
            api.delete(path)


def objects(config: Settings) -> Iterator[tuple[str, Object]]:
    """Each object that a bed gets for this stack, with its collection's path."""
    for name in sorted(_classes(config)):
        yield _CLASSES, magnum.storage_class(name, "Immediate")
    for driver in _STATIC:
        yield magnum.DRIVERS, magnum.driver(driver)
    if config.exposure.kind in ("nginx", "ingress"):
        yield _INGRESS_CLASSES, magnum.ingress_class(config.exposure.class_name)
    if config.exposure.kind == "route":
        yield _DEFINITIONS, _definition("route.openshift.io", "Route", "Namespaced")
    if config.exposure.kind == "gateway":
        yield _DEFINITIONS, _definition("gateway.networking.k8s.io", "GatewayClass", "Cluster")
        yield _GATEWAY_CLASSES, _gateway_class(config.exposure.class_name)
    if (monitoring := monitoring_of(config)) and monitoring.kind == "prometheusOperator":
        for kind, version in _OF_PROMETHEUS.items():
            yield _DEFINITIONS, _definition("monitoring.coreos.com", kind, "Namespaced", version)
    if (policies := policies_of(config)) and policies.kind == "cilium":
        yield _DEFINITIONS, _definition("cilium.io", "CiliumNetworkPolicy", "Namespaced", "v2")


def _classes(config: Settings) -> set[str]:
    """Every storage class that the stack names."""
    named = {config.storage.class_name}
    if config.storage.shared_logs and config.storage.shared_logs.class_name:
        named.add(config.storage.shared_logs.class_name)
    for component in config.components.deployed().values():
        for sub in type(component).model_fields:
            volumes = getattr(getattr(component, sub), "volumes", {})
            named |= {volume.class_name for volume in volumes.values() if volume.class_name}
    return named


def _definition(group: str, kind: str, scope: str, number: str = "v1") -> Object:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": number,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}},
    }
    singular = kind.lower()
    plural = re.sub("s$", "se", re.sub("y$", "ie", singular)) + "s"
    names = {"plural": plural, "singular": singular, "kind": kind, "listKind": f"{kind}List"}
    # The group of the Gateway API is protected: its definitions need an annotation about their approval.
    approved = {"api-approved.kubernetes.io": "unapproved, for tests"}
    return {
        "metadata": {"name": f"{plural}.{group}", "annotations": approved},
        "spec": {"group": group, "scope": scope, "names": names, "versions": [version]},
    }


def _gateway_class(name: str) -> Object:
    # The kind was defined at run time, so the object itself must name it.
    kind = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass"}
    return kind | {"metadata": {"name": name}, "spec": {"controllerName": "testbed.panda-infra/none"}}


def _await(bed: Bed, api: Api, kind: str) -> None:
    waiting.until(lambda: api.serves(kind), f"test bed {bed.name}, {kind} being served", 20)
