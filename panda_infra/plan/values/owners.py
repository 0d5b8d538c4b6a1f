"""Values of a workload that others own: an autoscaler its number of pods, an updater its image's tag.

They are listed in the chart's values under a key that charts ignore, so that each record of the release has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from panda_infra.tree import Values

__all__ = ["IMAGE_TAG", "REPLICA_COUNT", "Owned", "as_values", "owned_by_others", "without_replica_count"]

REPLICA_COUNT, IMAGE_TAG = "replicaCount", "image.tag"
_KEY = "ownedByOthers"

Owned = Mapping[str, frozenset[str]]
"""The values that others own, by sub-chart: `REPLICA_COUNT`, `IMAGE_TAG`."""


def as_values(owned: Sequence[str]) -> Values:
    """The values below a sub-chart's own key; empty if the program owns everything."""
    return {_KEY: list(owned)} if owned else {}


def owned_by_others(values: Mapping[str, Any]) -> Owned:
    """The values of a release that others own."""
    return {
        sub: frozenset(below[_KEY])
        for sub, below in values.items()
        if isinstance(below, Mapping) and below.get(_KEY)
    }


def without_replica_count(values: Values) -> Values:
    """The values of a release in which the program alone sets the number of pods."""
    return {
        sub: {**below, _KEY: [name for name in below[_KEY] if name != REPLICA_COUNT]}
        if isinstance(below, Mapping) and below.get(_KEY)
        else below
        for sub, below in values.items()
    }
