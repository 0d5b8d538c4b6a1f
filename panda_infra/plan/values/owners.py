"""What of a workload somebody else owns: an autoscaler its number of pods, an updater its image's tag.

It is written into the chart's values, where charts do not look, so that each record of the release says it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panda_infra.products.workloads import Replicated, SubComponent
from panda_infra.tree import Values

__all__ = ["IMAGE_TAG", "REPLICA_COUNT", "Owned", "owned_by_others", "owner_values"]

REPLICA_COUNT, IMAGE_TAG = "replicaCount", "image.tag"
_KEY = "ownedByOthers"

Owned = Mapping[str, frozenset[str]]
"""Of each sub-chart, which of its values others own: `REPLICA_COUNT`, `IMAGE_TAG`."""


def owner_values(config: SubComponent) -> Values:
    """The values below a sub-chart's own key; none where the program owns everything."""
    owned = []
    if isinstance(config, Replicated) and config.replica_counts == "autoscaler":
        owned.append(REPLICA_COUNT)
    if config.image_tags == "updater":
        owned.append(IMAGE_TAG)
    return {_KEY: owned} if owned else {}


def owned_by_others(values: Mapping[str, Any]) -> Owned:
    """What the values of a release say of that."""
    return {
        sub: frozenset(below[_KEY])
        for sub, below in values.items()
        if isinstance(below, Mapping) and below.get(_KEY)
    }
