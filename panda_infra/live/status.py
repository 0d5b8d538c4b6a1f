"""The condition of a deployed stack; each part is read by itself, and unreadable parts are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import SecretStr

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.clients.kubernetes.nodes import Node, node_of
from panda_infra.clients.kubernetes.objects import items
from panda_infra.clients.kubernetes.users import ends
from panda_infra.config.cluster import MagnumCluster
from panda_infra.ends import Validity
from panda_infra.errors import PandaInfraError
from panda_infra.live.applied import release_statuses
from panda_infra.live.argocd import ArgoCdStatus, argocd_status
from panda_infra.live.credentials import Credential, credentials, own_secrets
from panda_infra.live.in_cloud import AliasStatus, ClusterStatus, alias_statuses, cluster_status
from panda_infra.live.nodes import NodeStatus, node_statuses
from panda_infra.live.releases import ReleaseStatus
from panda_infra.live.undeployed import changed_secrets, undeployed
from panda_infra.plan.model import Plan
from panda_infra.products.content import SecretContent
from panda_infra.secrets.rolling import pod_annotations
from panda_infra.stacks.access import Access
from panda_infra.state.recorded import Recorded

__all__ = ["Status", "Unseen", "status_of"]

T = TypeVar("T")


@dataclass(frozen=True)
class Unseen:
    """A part of a stack that could not be read, and why; ``forbidden`` is true if the user may not read it."""

    part: str
    why: str
    forbidden: bool = False

    @classmethod
    def of(cls, part: str, error: PandaInfraError) -> Unseen:
        """A part that an error made unreadable."""
        forbidden = isinstance(error, KubernetesNotAllowedError) and error.status == HTTPStatus.FORBIDDEN
        return cls(part, str(error), forbidden)

    def __str__(self) -> str:
        return f"{self.part} cannot be looked at: {self.why}"


@dataclass(frozen=True)
class Status:
    """Everything that shows whether a stack works; holds no secret value.

    ``access_expires`` is the end of the credential in use for the cluster, None if it does not state it.
    ``undeployed`` has one line for each difference between the stack file and the deployment, None if that is
    unknown.
    """

    stack: str
    releases: tuple[ReleaseStatus, ...] = ()
    cluster: ClusterStatus | None = None
    nodes: tuple[NodeStatus, ...] = ()
    aliases: tuple[AliasStatus, ...] = ()
    credentials: tuple[Credential, ...] = ()
    argocd: ArgoCdStatus | None = None
    access_expires: datetime | None = None
    undeployed: tuple[str, ...] | None = None
    unseen: tuple[Unseen, ...] = ()

    def problems(self, now: datetime) -> Iterator[str]:
        """Everything that must be corrected."""
        for release in self.releases:
            yield from release.problems(self.stack)
        if self.cluster:
            yield from self.cluster.problems()
        for node in self.nodes:
            yield from node.problems(self.stack)
        for alias in self.aliases:
            yield from alias.problems(self.stack)
        if self.argocd:
            yield from self.argocd.problems(self.stack)
        for credential in self.credentials:
            if credential.lasts.is_over(now):
                yield f"{credential} {credential.lasts.described(now)}"
        if self.access_expires and self.access_expires <= now:
            yield f"the credential for the cluster {Validity(self.access_expires).described(now)}"
        yield from (str(each) for each in self.unseen if not each.forbidden)

    def notes(self, now: datetime) -> Iterator[str]:
        """Remarks for a person that need no action at once."""
        for node in self.nodes:
            yield from node.notes()
        for credential in self.credentials:
            if credential.lasts.ends_soon(now):
                yield f"{credential} {credential.lasts.described(now)}"
        yield from (str(each) for each in self.unseen if each.forbidden)


def status_of(
    plan: Plan,
    access: Access | None,
    *,
    before: Recorded | None = None,
    contents: Mapping[str, SecretContent] | None = None,
    hash_key: SecretStr | None = None,
    unseen: Iterable[Unseen] = (),
) -> Status:
    """The condition of a stack, from a few listings.

    Args:
        plan: of the present stack file.
        access: to the cluster and cloud, None if there is none.
        before: the engine's state, None if it cannot be read.
        contents: of the stack's Secrets after the next run, None if its secrets cannot be read.
        hash_key: of the hashes by which pods notice changed Secrets.
        unseen: parts that were found unreadable before.
    """
    parts = _Parts(unseen)
    there = access is not None and (access.kubernetes is None or parts.can(access.kubernetes))
    api = access.kubernetes if access and there else None
    none: tuple[Node, ...] = ()
    listed = parts.of("nodes", lambda: _nodes(api), none)
    secrets = parts.of("Secrets", lambda: own_secrets(plan, api) if api else None, None)
    cluster, aliases = _in_cloud(plan, access, listed, parts)
    return Status(
        stack=plan.stack,
        releases=parts.of("releases", lambda: release_statuses(plan, api), ()) if there else (),
        cluster=cluster,
        nodes=node_statuses(plan, listed),
        aliases=aliases,
        credentials=tuple(credentials(plan, secrets or {})),
        argocd=parts.of("Argo CD", lambda: argocd_status(plan, api) if api else None, None)
        if there
        else None,
        access_expires=ends(access.target.user) if access and access.target else None,
        undeployed=parts.of("changes", lambda: _undeployed(plan, before, contents, hash_key, secrets), None),
        unseen=tuple(parts.unseen),
    )


class _Parts:
    """Reads one part after the other; a failure of one does not affect the others."""

    def __init__(self, unseen: Iterable[Unseen]) -> None:
        self.unseen = list(unseen)

    def of(self, part: str, question: Callable[[], T], otherwise: T) -> T:
        try:
            return question()
        except PandaInfraError as error:
            self.unseen.append(Unseen.of(part, error))
            return otherwise

    def can(self, api: KubernetesApi) -> bool:
        """True if the API accepts the credential; otherwise every other part would report the same error."""

        def asked() -> bool:
            api.call("GET", "/version", missing=True)
            return True

        return self.of("the cluster", asked, otherwise=False)


def _nodes(api: KubernetesApi | None) -> tuple[Node, ...]:
    return tuple(node_of(item) for item in items(api, "/api/v1/nodes")) if api else ()


def _in_cloud(
    plan: Plan, access: Access | None, nodes: tuple[Node, ...], parts: _Parts
) -> tuple[ClusterStatus | None, tuple[AliasStatus, ...]]:
    openstack, described = access.openstack if access else None, plan.config.cluster
    if openstack is None or not isinstance(described, MagnumCluster):
        return None, ()
    cluster = parts.of("Magnum's cluster", lambda: cluster_status(described, openstack), None)
    return cluster, parts.of("LanDB aliases", lambda: alias_statuses(plan, openstack, nodes), ())


def _undeployed(
    plan: Plan,
    before: Recorded | None,
    contents: Mapping[str, SecretContent] | None,
    hash_key: SecretStr | None,
    secrets: Mapping[str, Mapping[str, Any]] | None,
) -> tuple[str, ...] | None:
    if before is None:
        return None
    hashes = None if contents is None else pod_annotations(plan.config, contents, hash_key)
    lines = undeployed(plan, before, hashes)
    if contents is not None and secrets is not None:
        lines += changed_secrets(plan, contents, secrets)
    return tuple(lines)
