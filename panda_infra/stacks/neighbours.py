"""Finds stacks of one project that share a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from panda_infra.config.cluster import ExistingCluster, StackCluster
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem, StackError
from panda_infra.stacks.project import Project

__all__ = ["neighbours", "neighbours_in"]

Place = tuple[str, str, str]


def neighbours(configs: Mapping[str, StackConfig]) -> dict[str, Problem]:
    """The problem of each stack that shares cluster and namespace with another one.

    Args:
        configs: of all stacks, by name. A stack with a secret kubeconfig is skipped: its cluster is not known.
    """
    stacks: dict[Place, list[str]] = {}
    for name, config in configs.items():
        if place := _place(config, configs):
            stacks.setdefault(place, []).append(name)
    return {
        name: _shared(configs[name].namespace, name, others)
        for others in stacks.values()
        if len(others) > 1
        for name in others
    }


def neighbours_in(project: Project) -> dict[str, Problem]:
    """The problem of each stack of a project that shares cluster and namespace with another one.

    Stack files that cannot be read have problems of their own and are left out.
    """
    readable: dict[str, StackConfig] = {}
    for stack in project.stacks:
        try:
            readable[stack] = project.load(stack).config
        except StackError:
            continue
    return neighbours(readable)


def _place(config: StackConfig, configs: Mapping[str, StackConfig]) -> Place | None:
    cluster = config.cluster
    if isinstance(cluster, StackCluster):
        lender = configs.get(cluster.stack)
        # One that borrows its cluster too lends it to nobody, which a rule refuses.
        if lender is None or isinstance(lender.cluster, StackCluster):
            return None
        cluster = lender.cluster
    if not isinstance(cluster, ExistingCluster):
        return f"Magnum cluster {cluster.name}", cluster.cloud or "", config.namespace
    if cluster.kubeconfig is None:
        return None
    return str(Path(cluster.kubeconfig).expanduser()), cluster.context or "", config.namespace


def _shared(namespace: str, stack: str, stacks: list[str]) -> Problem:
    others = ", ".join(name for name in stacks if name != stack)
    what = (
        f"{namespace} is that of {others} too, in the same cluster: they would overwrite each other's Secrets"
    )
    return Problem("namespace", what, f"Give each its own, e.g. `panda-infra:namespace: panda-{stack}`.")
