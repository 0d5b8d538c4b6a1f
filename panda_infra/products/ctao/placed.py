"""The values of one workload in the form of Rucio's charts, which have no sub-charts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from panda_infra.tree import Values

__all__ = ["FIXED_VALUES", "HASH_VARIABLE", "placed", "renamed"]

HASH_VARIABLE = "PANDA_INFRA_SECRETS_HASH"
"""A variable for pods without annotations of their own: its change replaces them."""
FIXED_VALUES: Mapping[tuple[str | int, ...], str] = MappingProxyType(
    {
        (
            "automaticRestart",
            "enabled",
        ): "its ServiceAccount could change every workload of the namespace (C43)",
        (
            "config",
            "database",
            "default",
        ): "the password would be in Helm's release; the stack's Secret has it (C47)",
        ("ftsRenewal", "enabled"): "its ServiceAccount could change everything in the namespace (C44)",
        (
            "policyPackages",
            "enabled",
        ): "it would install packages at each start; use an image that has them (C18)",
    }
)
"""Values that a stack must not set in any of Rucio's charts, each with the reason."""
_PLACEMENT = {"tolerations": "tolerations", "affinity": "affinity", "nodeSelector": "nodeSelector"}


def renamed(values: Mapping[str, Any], keys: Mapping[str, str]) -> Values:
    """The values of some keys, under the chart's names for them."""
    return {ours: values[name] for name, ours in keys.items() if name in values}


def placed(values: Mapping[str, Any], resources: str = "resources") -> Values:
    """Placement and resources of a workload."""
    return renamed(values, _PLACEMENT | {"resources": resources})
