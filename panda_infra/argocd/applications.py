"""Each component as an Application of Argo CD, from the same Plan as the Helm releases.

An Application bears the name of its release, by which labels, commands and pods are found in both deliveries. The
order of the components is that of the Plan: the engine registers an Application after those that it waits for, because
Argo CD itself orders only what is inside of one Application.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.argocd.project import CLUSTER, project_name
from panda_infra.argocd.sources import chart_source
from panda_infra.config.argocd import ArgoCd
from panda_infra.config.stack import Settings
from panda_infra.plan.argocd_names import API_VERSION, COMPONENT, FINALIZER, OURS, STACK
from panda_infra.plan.data import keeps_claims
from panda_infra.plan.model import Plan, Release
from panda_infra.plan.protection import KEEP
from panda_infra.plan.values.owners import REPLICA_COUNT, owned_by_others
from panda_infra.products.registry import COMPONENTS
from panda_infra.tree import Values, merged

__all__ = ["application", "namespace_of"]

_SYNC_OPTIONS = (
    "ServerSideApply=true",
    # Fields that are ignored in comparisons are not written either.
    "RespectIgnoreDifferences=true",
    # Two Applications would undo each other's changes for ever.
    "FailOnSharedResource=true",
)
_RETRY = {"limit": 5, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "3m"}}

Annotations = Mapping[str, Mapping[str, str]]
"""Pod annotations by sub-component."""


def namespace_of(config: Settings) -> str:
    """The namespace of the Argo CD that delivers a stack."""
    return (config.argocd or ArgoCd()).namespace


def application(plan: Plan, release: Release, annotations: Annotations) -> dict[str, Any]:
    """The Application of a component; ``annotations`` of its pods make them roll when a Secret changes."""
    marks = {**plan.owner.mark, **({KEEP: "true"} if keeps_claims(plan, release) else {})}
    metadata: dict[str, Any] = {
        "name": release.name,
        "namespace": namespace_of(plan.config),
        "labels": {
            **OURS,
            STACK: plan.stack,
            COMPONENT: release.component,
        },
        "annotations": marks,
    }
    if not plan.config.lifecycle.protect:
        metadata["finalizers"] = [FINALIZER]
    return {
        "apiVersion": API_VERSION,
        "kind": "Application",
        "metadata": metadata,
        "spec": {
            "project": project_name(plan),
            "source": {
                **chart_source(plan.config, release.chart),
                "helm": {"releaseName": release.name, "valuesObject": _values(release, annotations)},
            },
            "destination": {"server": CLUSTER, "namespace": plan.config.namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": list(_SYNC_OPTIONS),
                "retry": _RETRY,
            },
            "ignoreDifferences": list(_ignored(plan, release)),
        },
    }


def _values(release: Release, annotations: Annotations) -> Values:
    rolling = {sub: {"podAnnotations": dict(hashes)} for sub, hashes in annotations.items() if hashes}
    return COMPONENTS[release.component].in_chart_form(merged(rolling, release.values))


def _ignored(plan: Plan, release: Release) -> Iterator[dict[str, Any]]:
    """Fields that the API server or others fill in, or that the API server refuses to change."""
    spec = COMPONENTS[release.component]
    # The API server drops keys without content.
    empty = '.binaryData[]? | select(. == null or . == "")'
    yield {"kind": "ConfigMap", "jqPathExpressions": [empty]}
    if any(sub.workload == "StatefulSet" for sub in spec.sub_components):
        # The API server fills in defaults and a status, and refuses later changes of these fields (T22).
        yield {"group": "apps", "kind": "StatefulSet", "jsonPointers": ["/spec/volumeClaimTemplates"]}
    owned = owned_by_others(release.values)
    for sub in spec.sub_components:
        if REPLICA_COUNT in owned.get(sub.name, ()):
            name = plan.names.workload(release.component, sub.name)
            yield {
                "group": "apps",
                "kind": sub.workload,
                "name": name,
                "jsonPointers": ["/spec/replicas"],
            }
