"""The order in which components are deployed, derived from what each needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import TopologicalSorter

from panda_infra.products.model import ComponentSpec

__all__ = ["critical_path", "deployment_order", "prerequisites"]


def prerequisites(
    specs: Mapping[str, ComponentSpec], name: str, deployed: Collection[str]
) -> tuple[str, ...]:
    """The deployed components that must be ready before this one.

    A component that is left out is replaced by its own prerequisites. Otherwise an order between two releases could end
    with it, and then a targeted update would fail (docs/part-of-a-stack.md).
    """
    spec = specs[name]
    found: list[str] = []
    for other in spec.needs + spec.after:
        found += [other] if other in deployed else prerequisites(specs, other, deployed)
    return tuple(dict.fromkeys(found))


def deployment_order(specs: Mapping[str, ComponentSpec], deployed: Collection[str]) -> tuple[str, ...]:
    """The deployed components, each after all of its prerequisites.

    Raises:
        graphlib.CycleError: the components need each other in a circle.
    """
    sorter = TopologicalSorter({name: prerequisites(specs, name, deployed) for name in deployed})
    listed = list(specs)
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=listed.index)
        order += ready
        sorter.done(*ready)
    return tuple(order)


def critical_path(
    specs: Mapping[str, ComponentSpec], duration: Mapping[str, float]
) -> tuple[float, tuple[str, ...]]:
    """The longest chain of components that wait for each other, with its length in the durations' unit."""
    longest: dict[str, tuple[float, tuple[str, ...]]] = {}
    for name in deployment_order(specs, duration):
        before = [longest[other] for other in prerequisites(specs, name, duration)]
        length, path = max(before, default=(0.0, ()))
        longest[name] = (length + duration[name], (*path, name))
    return max(longest.values(), default=(0.0, ()))
