"""The Plan: everything that will exist, as plain data.

It contains no secret value and needs no cloud, so it can be tested in milliseconds, printed, and compared between
two commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.config.cluster import MagnumCluster
from panda_infra.config.stack import Settings
from panda_infra.plan.aliases import cluster_aliases
from panda_infra.plan.argocd import ArgoCdPlan
from panda_infra.plan.consumers import Reader
from panda_infra.plan.network.edges import Edge
from panda_infra.plan.ownership import Owner
from panda_infra.products.names import Names
from panda_infra.products.registry import product_of_experiment
from panda_infra.tree import Values

__all__ = ["Chart", "ClusterObject", "Plan", "Release", "SharedClaim"]


@dataclass(frozen=True)
class Chart:
    """A chart by name, version and, if pinned, the digest of its manifest.

    One that is part of the program has a ``folder``, relative to the project.
    """

    name: str
    version: str
    digest: str | None = None
    folder: str = ""


@dataclass(frozen=True)
class Release:
    """A component as one release.

    ``after`` names the components whose releases are awaited first; ``timeout`` is in seconds. ``values`` are the
    chart's and contain no secret. With ``atomic``, Helm rolls back a failed upgrade. With ``argocd``, an Application of
    Argo CD with that name deploys it instead. A release that ``runs_jobs`` is ready when they have succeeded.
    """

    component: str
    name: str
    chart: Chart
    values: Values
    after: tuple[str, ...]
    timeout: int
    atomic: bool = False
    argocd: bool = False
    runs_jobs: bool = False


@dataclass(frozen=True)
class ClusterObject:
    """An object by its API, such as ``apps/v1``, and its kind, with all other fields; ``name`` is the resource's."""

    api: str
    kind: str
    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class SharedClaim:
    """The one claim that components mount for their logs; with a share, a static Manila volume."""

    name: str
    storage_class: str
    size: str
    share_id: str | None = None
    share_access_id: str | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that a stack consists of.

    ``owner`` marks the objects that the stack makes. ``secrets`` maps the suffix of each Secret to its readers.
    ``hosts`` maps each exposed field of ``hosts`` to its host name. ``releases`` are in a valid order of deployment.
    ``argocd`` is the Argo CD that the stack installs, if any. ``edges`` are the connections that network policies
    allow, none if the stack has no policies.
    """

    stack: str
    owner: Owner
    config: Settings
    names: Names
    secrets: Mapping[str, tuple[Reader, ...]]
    hosts: Mapping[str, str]
    shared_claim: SharedClaim | None
    releases: tuple[Release, ...]
    argocd: ArgoCdPlan | None = None
    edges: tuple[Edge, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every exposed host name, Argo CD's too: what DNS must lead to the cluster."""
        own = self.argocd.host if self.argocd else None
        return (*self.hosts.values(), *((own,) if own else ()))

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every LanDB alias that leads to the stack's Magnum cluster; none for a stack without such a cluster."""
        cluster = self.config.cluster
        if not isinstance(cluster, MagnumCluster):
            return ()
        endings = product_of_experiment(self.config.experiment).alias_endings
        return cluster_aliases(cluster, self.addresses, endings)

    def release(self, component: str) -> Release:
        """The release of a component; KeyError if it is not deployed."""
        for release in self.releases:
            if release.component == component:
                return release
        raise KeyError(component)
