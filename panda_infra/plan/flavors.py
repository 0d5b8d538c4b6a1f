"""Sizes of the nodes in CERN's cloud, as far as they are known without access to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["FLAVORS", "Flavor"]


@dataclass(frozen=True)
class Flavor:
    """Resources of a node; ``memory`` in MiB."""

    cpus: int
    memory: int


FLAVORS: Mapping[str, Flavor] = MappingProxyType(
    {
        "m2.small": Flavor(1, 1875),
        "m2.medium": Flavor(2, 3750),
        "m2.large": Flavor(4, 7500),
        "m2.xlarge": Flavor(8, 15000),
        "m2.2xlarge": Flavor(16, 30000),
        "m2.3xlarge": Flavor(32, 60000),
        "m4.large": Flavor(4, 7500),
    }
)
