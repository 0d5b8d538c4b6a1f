"""The conditions by which the cluster's controllers describe an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["false_conditions", "true_conditions"]


def true_conditions(item: Mapping[str, Any]) -> frozenset[str]:
    """The types of an object's conditions that are true, e.g. Ready or Complete; none without a status."""
    return _of(item, "True")


def false_conditions(item: Mapping[str, Any]) -> frozenset[str]:
    """The types of those that are false; one that is unknown or was never judged is not."""
    return _of(item, "False")


def _of(item: Mapping[str, Any], status: str) -> frozenset[str]:
    conditions = (item.get("status") or {}).get("conditions") or ()
    return frozenset(each["type"] for each in conditions if each["status"] == status)
