"""Finds stacks of one project that are in each other's way: in one namespace, or with data in one place outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from panda_infra.config.cluster import ExistingCluster, StackCluster
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem, StackError
from panda_infra.products.registry import product_of_experiment
from panda_infra.stacks.project import Project

__all__ = ["neighbours", "neighbours_in"]

Place = tuple[str, str, str]
_Shared = TypeVar("_Shared")


def neighbours(configs: Mapping[str, StackConfig]) -> dict[str, list[Problem]]:
    """The problems of each stack that shares with another one what each must have for itself.

    Args:
        configs: of all stacks, by name. A secret kubeconfig is skipped: its cluster is not known.
    """
    problems: dict[str, list[Problem]] = {}
    places = ((place, name) for name, config in configs.items() if (place := _place(config, configs)))
    for _, stacks in _shared(places):
        for name in stacks:
            problem = _namespace(configs[name].namespace, name, _others(name, stacks))
            problems.setdefault(name, []).append(problem)
    kept = (
        ((product.name, address), (name, key))
        for name, config in configs.items()
        for product in (product_of_experiment(config.experiment),)
        for key, address in product.keeps(config).items()
    )
    for (_, address), holders in _shared(kept):
        for name, key in holders:
            others = [other for other, _ in holders if other != name and not _pair(name, other, configs)]
            if others:
                problems.setdefault(name, []).append(_data(key, address, ", ".join(others)))
    return problems


def neighbours_in(project: Project) -> dict[str, list[Problem]]:
    """The same for the stacks of a project.

    Stack files that cannot be read have problems of their own and are left out.
    """
    readable: dict[str, StackConfig] = {}
    for stack in project.stacks:
        try:
            readable[stack] = project.load(stack).config
        except StackError:
            continue
    return neighbours(readable)


def _shared(
    held: Iterable[tuple[tuple[str, ...], _Shared]],
) -> list[tuple[tuple[str, ...], list[_Shared]]]:
    """The places that several stacks have."""
    holders: dict[tuple[str, ...], list[_Shared]] = {}
    for place, holder in held:
        holders.setdefault(place, []).append(holder)
    return [(place, found) for place, found in holders.items() if len(found) > 1]


def _place(config: StackConfig, configs: Mapping[str, StackConfig]) -> Place | None:
    cluster = config.cluster
    if isinstance(cluster, StackCluster):
        lender = configs.get(cluster.stack)
        # A rule refuses that a stack with a borrowed cluster lends it.
        if lender is None or isinstance(lender.cluster, StackCluster):
            return None
        cluster = lender.cluster
    if not isinstance(cluster, ExistingCluster):
        return f"Magnum cluster {cluster.name}", cluster.cloud or "", config.namespace
    if cluster.kubeconfig is None:
        return None
    return str(Path(cluster.kubeconfig).expanduser()), cluster.context or "", config.namespace


def _others(stack: str, stacks: Iterable[str]) -> str:
    return ", ".join(name for name in stacks if name != stack)


def _pair(one: str, other: str, configs: Mapping[str, StackConfig]) -> bool:
    """True if one of both stands by for the other, which shall have the same data."""
    standby = configs[one].standby
    return standby is not None and one in (standby.of, standby.by) and standby.other(one) == other


def _namespace(namespace: str, stack: str, others: str) -> Problem:
    what = (
        f"{namespace} is that of {others} too, in the same cluster: they would overwrite each other's Secrets"
    )
    return Problem("namespace", what, f"Give each its own, e.g. `panda-infra:namespace: panda-{stack}`.")


def _data(key: str, address: str, others: str) -> Problem:
    what = f"is {address}, which {others} uses too: each would change the other's data"
    fix = (
        "Give each its own in its stack file, over what their site says; only a pair (`standby`) shares one."
    )
    return Problem(key, what, fix)
