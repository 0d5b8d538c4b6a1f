"""The conditions by which the cluster's controllers describe an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["true_conditions"]


def true_conditions(item: Mapping[str, Any]) -> frozenset[str]:
    """The types of an object's conditions that are true, e.g. Ready or Complete; none without a status."""
    conditions = (item.get("status") or {}).get("conditions") or ()
    return frozenset(each["type"] for each in conditions if each["status"] == "True")
