"""The Argo CD of a cluster: is it there, in which version, and does it run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.errors import Problem
from panda_infra.live.offers import Report
from panda_infra.plan.argocd_names import DEFINITIONS
from panda_infra.plan.model import Plan

__all__ = ["ArgoCdStatus", "argocd_status", "look_for_existing"]

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_WORKLOADS = ("deployments", "statefulsets")
_PART_OF = [("labelSelector", "app.kubernetes.io/part-of=argocd")]
_CONTROLLER = "application-controller"


@dataclass(frozen=True)
class ArgoCdStatus:
    """Argo CD in a cluster; ``version`` is empty if it is not there, ``wanted`` that of the stack file if it has one.

    ``pods`` are the wanted ones and ``ready`` those that are ready; ``unready`` names their workloads.
    """

    namespace: str
    version: str
    wanted: str
    address: str
    pods: int = 0
    ready: int = 0
    unready: tuple[str, ...] = ()

    def problems(self, stack: str) -> Iterator[str]:
        """Everything that must be corrected."""
        if not self.version:
            yield f"Argo CD is not in namespace {self.namespace}: `pulumi up --stack {stack}` installs it"
            return
        if self.wanted and self.version != self.wanted:
            words = f"Argo CD is of version {self.version}, not {self.wanted}"
            yield f"{words}: `pulumi up --stack {stack}` changes it"
        if self.unready:
            yield f"Argo CD's {', '.join(self.unready)} have pods that are not ready (namespace {self.namespace})"


def argocd_status(plan: Plan, api: KubernetesApi) -> ArgoCdStatus | None:
    """Argo CD of a stack, its own or the one of the cluster; None if the stack names none.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    if plan.config.argocd is None:
        return None
    namespace, host = (
        plan.config.argocd.namespace,
        plan.argocd.host if plan.argocd else plan.config.argocd.host,
    )
    pods, ready, unready, version = 0, 0, [], ""
    for item in _workloads(api, namespace):
        wanted = item["spec"].get("replicas", 1)
        there = min((item.get("status") or {}).get("readyReplicas") or 0, wanted)
        pods, ready = pods + wanted, ready + there
        if there < wanted:
            unready.append(item["metadata"]["name"])
        if _part(item) == _CONTROLLER:
            version = _version(item)
    return ArgoCdStatus(
        namespace=namespace,
        version=version,
        wanted=plan.argocd.version if plan.argocd else "",
        address=f"https://{host}" if host else "",
        pods=pods,
        ready=ready,
        unready=tuple(sorted(unready)),
    )


def look_for_existing(plan: Plan, api: KubernetesApi) -> Report:
    """Check that the Argo CD which the cluster shall have is there.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    argocd = plan.config.argocd
    if argocd is None or not argocd.existing:
        return Report()
    try:
        missing = [
            name for name in DEFINITIONS if api.call("GET", f"{_DEFINITIONS}/{name}", missing=True) is None
        ]
        found = [item for item in _workloads(api, argocd.namespace) if _part(item) == _CONTROLLER]
    except KubernetesNotAllowedError as error:
        return Report(notes=[f"whether the cluster has an Argo CD was not looked at: {error.what}"])
    if missing:
        what = f"is true, but the cluster has no Argo CD, without {', '.join(missing)}"
        return Report([Problem("argocd.existing", what, "Remove it, and the stack installs Argo CD.")])
    if not found:
        what = f"is {argocd.namespace}, where no application controller of Argo CD runs"
        return Report([Problem("argocd.namespace", what, "Name the namespace of the cluster's Argo CD.")])
    return Report(notes=[f"Argo CD {_version(found[0])} in namespace {argocd.namespace} is used as it is"])


def _workloads(api: KubernetesApi, namespace: str) -> Iterator[Mapping[str, Any]]:
    for kind in _WORKLOADS:
        path = f"/apis/apps/v1/namespaces/{namespace}/{kind}"
        yield from (api.call("GET", path, query=_PART_OF, missing=True) or {}).get("items") or ()


def _part(item: Mapping[str, Any]) -> str:
    """The part of Argo CD; upstream's manifests and the community's chart have the same label."""
    return (item["metadata"].get("labels") or {}).get("app.kubernetes.io/component") or ""


def _version(item: Mapping[str, Any]) -> str:
    image: str = item["spec"]["template"]["spec"]["containers"][0].get("image") or ""
    return image.partition("@")[0].rpartition(":")[2].removeprefix("v") or "unknown"
