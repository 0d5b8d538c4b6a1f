"""The actual status of a component that Argo CD delivers, and other Applications in its way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from panda_infra.argocd.applications import namespace_of
from panda_infra.argocd.images import API_VERSION as IMAGES
from panda_infra.argocd.images import OLDEST, followed
from panda_infra.argocd.project import project_name
from panda_infra.argocd.status import judge, problems_of
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.errors import Problem
from panda_infra.helm.others import WORKLOADS
from panda_infra.helm.records import DEPLOYED, histories
from panda_infra.live.offers import Report
from panda_infra.live.reasons import reasons
from panda_infra.live.releases import ReleaseStatus, release_status
from panda_infra.plan.argocd_names import API_VERSION
from panda_infra.plan.model import Plan, Release
from panda_infra.plan.ownership import MARK
from panda_infra.tree import value_at

__all__ = ["look_at_argo_cd", "release_statuses"]

_SETTINGS = "argocd-cm"
_METHOD = "application.resourceTrackingMethod"


def release_statuses(plan: Plan, api: KubernetesApi | None) -> tuple[ReleaseStatus, ...]:
    """Every component of a plan, whoever delivers it; ``api`` is None without a cluster.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    known = histories(api, plan.config.namespace) if api else {}
    return tuple(
        _application(plan, release, api) if api and release.argocd else release_status(api, release, known)
        for release in plan.releases
    )


def _application(plan: Plan, release: Release, api: KubernetesApi) -> ReleaseStatus:
    """The status of a component's Application."""
    namespace = plan.config.namespace
    live = api.call("GET", _path(plan, "applications", release.name), missing=True)
    if live is None:
        return ReleaseStatus(release.component, release.name, argocd=True)
    found, status = judge(live), live.get("status") or {}
    counts = list(_counts(api, namespace, status))
    ready, pods = (sum(count) for count in zip(*counts, strict=True)) if counts else (0, 0)
    history = status.get("history") or ()
    return ReleaseStatus(
        component=release.component,
        name=release.name,
        status=DEPLOYED if found.done else found.words,
        revision=int(history[-1].get("id") or 0) + 1 if history else 0,
        ready=ready,
        pods=pods,
        reasons=() if found.done else (*problems_of(live), *reasons(api, namespace, release.name)),
        argocd=True,
    )


def look_at_argo_cd(plan: Plan, api: KubernetesApi) -> Report:
    """Check that Argo CD is ready for a stack, and that no Application of others has the name of the stack's.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    releases = [release for release in plan.releases if release.argocd]
    if not releases:
        return Report()
    try:
        return Report(list(_problems(plan, releases, api)))
    except KubernetesNotAllowedError as error:
        return Report(
            notes=[f"Argo CD in namespace {namespace_of(plan.config)} cannot be looked at: {error}"]
        )


def _problems(plan: Plan, releases: list[Release], api: KubernetesApi) -> Iterator[Problem]:
    existing = plan.config.argocd is not None and plan.config.argocd.existing
    if api.call("GET", f"/apis/{API_VERSION}", missing=True) is None:
        return  # there is no Argo CD yet
    if existing:
        yield from _settings(plan, api)
    for kind, name in [("applications", each.name) for each in releases] + [
        ("appprojects", project_name(plan))
    ]:
        live = api.call("GET", _path(plan, kind, name), missing=True)
        mark = ((live or {}).get("metadata") or {}).get("annotations", {}).get(MARK, "")
        if live is not None and not plan.owner.wrote(mark):
            yield _taken(plan, live, mark)
    if followers := [release.component for release in releases if followed(plan, release)]:
        yield from _updater(", ".join(followers), api)


def _updater(names: str, api: KubernetesApi) -> Iterator[Problem]:
    """The problems of the cluster's Image Updater."""
    if api.call("GET", f"/apis/{IMAGES}", missing=True) is None:
        what = f"follows images of {names}, but the cluster has no Image Updater of version 1 or later"
        yield Problem("components", what, "Install Argo CD's Image Updater, or take `image.follow` away.")
        return
    described = api.call("GET", f"/openapi/v3/apis/{IMAGES}", missing=True) or {}
    for schema in ((described.get("components") or {}).get("schemas") or {}).values():
        if "namespace" in value_at(schema, ("properties", "spec", "required"), ()):
            what = (
                f"follows images of {names}, but the cluster's Image Updater is too old: it demands a field that later "
                "versions refuse"
            )
            yield Problem("components", what, f"Upgrade it to version {OLDEST}, or later ones of these.")


def _settings(plan: Plan, api: KubernetesApi) -> Iterator[Problem]:
    namespace = namespace_of(plan.config)
    path = f"/api/v1/namespaces/{namespace}/configmaps/{_SETTINGS}"
    settings = api.call("GET", path, missing=True)
    if settings is None:
        return  # there is no Argo CD, which another check reports
    if (settings.get("data") or {}).get(_METHOD, "label") == "label":
        patch = f'{{"data": {{"{_METHOD}": "annotation"}}}}'
        what = (
            f"knows its objects by a label, which the claims of StatefulSets have too: it would delete these and their "
            f"data together with a component ({_METHOD} in ConfigMap {_SETTINGS} of {namespace})"
        )
        fix = f"kubectl patch configmap {_SETTINGS} --namespace {namespace} --patch '{patch}'"
        yield Problem("argocd.existing", what, f"Run `{fix}`.")


def _taken(plan: Plan, live: dict[str, Any], mark: str) -> Problem:
    kind, name = live.get("kind") or "Application", live["metadata"]["name"]
    whose = f"stack {mark}" if mark else "somebody else"
    what = f"would make {kind} {name} in {namespace_of(plan.config)}, which is there and belongs to {whose}"
    fix = "Give the stack an affix of its own, or remove it: `python -m panda_infra hand-over` shows how."
    return Problem("delivery", what, fix)


def _counts(api: KubernetesApi, namespace: str, status: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """The ready and the wanted pods of each workload of an Application."""
    for each in status.get("resources") or ():
        if each.get("kind") in WORKLOADS:
            path = f"/apis/apps/v1/namespaces/{namespace}/{WORKLOADS[each['kind']]}/{each['name']}"
            live = api.call("GET", path, missing=True) or {}
            replicas = (live.get("spec") or {}).get("replicas")
            wanted = 1 if replicas is None else int(replicas)
            yield min(int((live.get("status") or {}).get("readyReplicas") or 0), wanted), wanted


def _path(plan: Plan, kind: str, name: str) -> str:
    return f"/apis/{API_VERSION}/namespaces/{namespace_of(plan.config)}/{kind}/{name}"
