"""The actual status of a stack's releases: Helm's records, their objects, and the pods of those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.helm.manifest import items_of
from panda_infra.helm.others import WORKLOADS, replicas_of
from panda_infra.helm.records import DEPLOYED, Record, read
from panda_infra.live.drift import deviations
from panda_infra.live.reasons import reasons
from panda_infra.plan.model import Release
from panda_infra.plan.values.owners import owned_by_others

__all__ = ["ReleaseStatus", "release_status"]


@dataclass(frozen=True)
class ReleaseStatus:
    """A component that Helm or, with ``argocd``, an Application of Argo CD delivers: its pods and its problems.

    ``status`` and ``revision`` are those of Helm's newest record, empty without one, or of the Application. ``pods`` is
    the wanted number of pods, ``ready`` the number of ready ones. ``deviations`` are objects that differ from the
    manifest, ``reasons`` explain why pods are not ready.
    """

    component: str
    name: str
    status: str = ""
    revision: int = 0
    ready: int = 0
    pods: int = 0
    deviations: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    argocd: bool = False

    @property
    def is_healthy(self) -> bool:
        """True if it is deployed, like its manifest, and every pod is ready."""
        return self.status == DEPLOYED and self.ready >= self.pods and not self.deviations

    def problems(self, stack: str) -> Iterator[str]:
        """The problems, their reasons, and the commands that correct them."""
        if self.argocd and self.status != DEPLOYED:
            words = self.status or "is not there"
            yield f"Application {self.name} {words}: if no run works on it, `pulumi up --stack {stack}` restores it"
        elif not self.status:
            yield (
                f"release {self.name} is not there: `pulumi up --stack {stack}` installs it; a run that was killed "
                f"needs `pulumi cancel --stack {stack}` before"
            )
        elif self.status != DEPLOYED:
            yield (
                f"release {self.name} is {self.status}: if no run works on it, `pulumi up --stack {stack}` goes on "
                f"from there; a run that was killed needs `pulumi cancel --stack {stack}` before"
            )
        if self.status and self.ready < self.pods:
            yield f"release {self.name}: {self.pods - self.ready} of {self.pods} pods are not ready"
        yield from (f"release {self.name}: {reason}" for reason in self.reasons)
        if self.deviations:
            yield from (f"release {self.name}: {deviation}" for deviation in self.deviations)
            yield f"release {self.name} has drifted: `pulumi up --refresh --stack {stack}` restores it"


def release_status(
    api: KubernetesApi | None, release: Release, known: Mapping[str, Sequence[Record]]
) -> ReleaseStatus:
    """The status of a component that Helm delivers; ``api`` is None without a cluster.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    if api is None or not known.get(release.name):
        return ReleaseStatus(release.component, release.name)
    return _status(api, release.component, known[release.name])


def _status(api: KubernetesApi, component: str, records: Sequence[Record]) -> ReleaseStatus:
    newest = records[-1]
    content = read(api, newest) or {}
    counts = list(_counts(api, newest.namespace, content))
    ready, pods = (sum(count) for count in zip(*counts, strict=True)) if counts else (0, 0)
    return ReleaseStatus(
        component=component,
        name=newest.release,
        status=newest.status,
        revision=newest.revision,
        ready=ready,
        pods=pods,
        deviations=_deviations(api, newest, content),
        reasons=tuple(reasons(api, newest.namespace, newest.release))
        if ready < pods or newest.status != DEPLOYED
        else (),
    )


def _deviations(api: KubernetesApi, record: Record, content: Mapping[str, Any]) -> tuple[str, ...]:
    """The deviations of a deployed release; empty for another one, which the next run will correct."""
    if record.status != DEPLOYED:
        return ()
    try:
        return tuple(map(str, deviations(api, record.namespace, content)))
    except KubernetesNotAllowedError:
        return ()  # a user with read access only may not do dry runs


def _counts(api: KubernetesApi, namespace: str, content: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """The ready and the wanted pods of each workload of a release."""
    owned = owned_by_others(content.get("config") or {})
    for item in items_of(content.get("manifest") or ""):
        if item.kind in WORKLOADS:
            path = f"/apis/apps/v1/namespaces/{namespace}/{WORKLOADS[item.kind]}/{item.name}"
            live: Mapping[str, Any] = api.call("GET", path, missing=True) or {}
            wanted = replicas_of(item, live, owned)
            yield min(int((live.get("status") or {}).get("readyReplicas") or 0), wanted), wanted
