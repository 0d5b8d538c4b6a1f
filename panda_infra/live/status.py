"""The condition of a deployed stack: releases, pods, certificates, and the access to its cluster."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panda_infra.ends import validity
from panda_infra.kube.users import ends
from panda_infra.live.access import Access, KubernetesApi
from panda_infra.live.releases import ReleaseStatus, release_statuses
from panda_infra.plan.model import Plan

__all__ = ["Certificate", "Status", "status_of"]


@dataclass(frozen=True)
class Certificate:
    """A certificate inside a Secret, and when it ends."""

    secret: str
    key: str
    expires: datetime


@dataclass(frozen=True)
class Status:
    """Everything that shows whether a stack works; holds no secret value.

    ``access_expires`` is when the credential in use for the cluster ends, None when it says nothing about that.
    """

    stack: str
    releases: tuple[ReleaseStatus, ...]
    certificates: tuple[Certificate, ...]
    access_expires: datetime | None

    def problems(self, now: datetime) -> Iterator[str]:
        """What is not as it should be."""
        for release in self.releases:
            yield from release.problems(self.stack)
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
    releases = release_statuses(plan, access.kubernetes)
    if access.kubernetes is None:
        return Status(plan.stack, releases, (), None)
    namespace = f"/api/v1/namespaces/{plan.config.namespace}"
    return Status(
        stack=plan.stack,
        releases=releases,
        certificates=tuple(_certificates(plan, access.kubernetes, namespace)),
        access_expires=_access_end(access.kubeconfig),
    )


def _certificates(plan: Plan, api: KubernetesApi, namespace: str) -> Iterator[Certificate]:
    """The certificates, grid proxies and tokens in the stack's own Secrets."""
    for suffix in plan.secrets:
        name = plan.names.secret(suffix)
        secret = api.call("GET", f"{namespace}/secrets/{name}", missing=True) or {}
        for key, encoded in sorted((secret.get("data") or {}).items()):
            if found := validity(b64decode(encoded)):
                yield Certificate(name, key, found.end)


def _access_end(kubeconfig: Mapping[str, Any] | None) -> datetime | None:
    """When the client certificate or the token of the credential in use ends."""
    return ends(kubeconfig["users"][0]["user"]) if kubeconfig else None
