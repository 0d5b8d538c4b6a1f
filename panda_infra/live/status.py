"""The condition of a deployed stack: releases, pods, certificates, and the access to its cluster."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panda_infra.kube.users import ends
from panda_infra.live.access import Access, KubernetesApi, items
from panda_infra.plan.model import Plan
from panda_infra.secrets.certificates import expiry

__all__ = ["Certificate", "ReleaseStatus", "Status", "status_of"]

_INSTANCE = "app.kubernetes.io/instance"
_PEM = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class ReleaseStatus:
    """A release as Helm recorded it last, and how many of its pods are ready; ``status`` is empty without a record."""

    component: str
    name: str
    status: str
    revision: int
    ready: int
    pods: int

    @property
    def is_healthy(self) -> bool:
        """Whether it is deployed and every pod of it is ready."""
        return self.status == "deployed" and self.ready == self.pods


@dataclass(frozen=True)
class Certificate:
    """A certificate inside a Secret, and when it ends."""

    secret: str
    key: str
    expires: datetime


@dataclass(frozen=True)
class Status:
    """Everything that tells whether a stack works; holds no secret value.

    ``access_expires`` is when the credential in use for the cluster ends, None when it says nothing about that.
    """

    releases: tuple[ReleaseStatus, ...]
    certificates: tuple[Certificate, ...]
    access_expires: datetime | None

    def problems(self, now: datetime) -> Iterator[str]:
        """What is not as it should be."""
        for release in self.releases:
            if release.status != "deployed":
                yield f"release {release.name} is {release.status or 'not there'}"
            elif not release.is_healthy:
                yield f"release {release.name}: {release.pods - release.ready} of {release.pods} pods are not ready"
        for certificate in self.certificates:
            if certificate.expires <= now:
                yield f"{certificate.key} of Secret {certificate.secret} has expired"
        if self.access_expires and self.access_expires <= now:
            yield "the credential for the cluster has expired"


def status_of(plan: Plan, access: Access) -> Status:
    """The condition of a stack, from a few listings.

    Raises:
        PandaInfraError: the cluster cannot be asked.
    """
    if access.kubernetes is None:
        return Status(tuple(_release(plan, name, {}, []) for name in _components(plan)), (), None)
    api, namespace = access.kubernetes, f"/api/v1/namespaces/{plan.config.namespace}"
    records = _newest_records(api, namespace)
    pods = items(api, f"{namespace}/pods")
    return Status(
        releases=tuple(_release(plan, component, records, pods) for component in _components(plan)),
        certificates=tuple(_certificates(plan, api, namespace)),
        access_expires=_access_end(access.kubeconfig),
    )


def _components(plan: Plan) -> list[str]:
    return [release.component for release in plan.releases]


def _newest_records(api: KubernetesApi, namespace: str) -> dict[str, Mapping[str, str]]:
    """The labels of each release's newest record."""
    newest: dict[str, Mapping[str, str]] = {}
    for secret in items(api, f"{namespace}/secrets", labels="owner=helm"):
        labels = secret["metadata"]["labels"]
        known = newest.get(labels["name"])
        if known is None or int(labels["version"]) > int(known["version"]):
            newest[labels["name"]] = labels
    return newest


def _release(
    plan: Plan, component: str, records: Mapping[str, Mapping[str, str]], pods: list[Mapping[str, Any]]
) -> ReleaseStatus:
    name = plan.release(component).name
    record = records.get(name, {})
    own = [
        pod
        for pod in pods
        if (pod["metadata"].get("labels") or {}).get(_INSTANCE) == name
        and (pod.get("status") or {}).get("phase") != "Succeeded"
    ]
    return ReleaseStatus(
        component,
        name,
        record.get("status", ""),
        int(record.get("version", 0)),
        sum(_is_ready(pod) for pod in own),
        len(own),
    )


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _certificates(plan: Plan, api: KubernetesApi, namespace: str) -> Iterator[Certificate]:
    """The certificates in the stack's own Secrets; of a chain, the first."""
    for suffix in plan.secrets:
        name = plan.names.secret(suffix)
        secret = api.call("GET", f"{namespace}/secrets/{name}", missing=True) or {}
        for key, encoded in sorted((secret.get("data") or {}).items()):
            content = b64decode(encoded)
            if _PEM in content and (end := expiry(content.decode(errors="replace"))):
                yield Certificate(name, key, end)


def _access_end(kubeconfig: Mapping[str, Any] | None) -> datetime | None:
    """When the client certificate or the token of the credential in use ends."""
    return ends(kubeconfig["users"][0]["user"]) if kubeconfig else None
