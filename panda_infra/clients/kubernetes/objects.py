"""Read objects of the API: those of a collection, also for users who may not list it, and the conditions of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError

__all__ = ["Listing", "false_conditions", "items", "listing", "true_conditions"]


@dataclass(frozen=True)
class Listing:
    """The objects of a collection; ``refused`` is the reason why the user may not list them, else empty."""

    items: Sequence[Mapping[str, Any]] = ()
    refused: str = ""


def items(api: KubernetesApi, path: str, *, labels: str = "") -> list[Mapping[str, Any]]:
    """The objects of a collection, or those with some labels; empty if the cluster has no such kind."""
    query = [("labelSelector", labels)] if labels else []
    return (api.call("GET", path, query=query, missing=True) or {}).get("items") or []


def listing(api: KubernetesApi, path: str, *, labels: str = "") -> Listing:
    """The same for a user who may be refused, such as one with rights in a single namespace only."""
    try:
        return Listing(items(api, path, labels=labels))
    except KubernetesNotAllowedError as error:
        if error.status != HTTPStatus.FORBIDDEN:  # the API does not accept the credential at all
            raise
        return Listing(refused=error.what)


def true_conditions(item: Mapping[str, Any]) -> frozenset[str]:
    """The types of an object's conditions that are true, e.g. Ready or Complete; none without a status."""
    return _of(item, "True")


def false_conditions(item: Mapping[str, Any]) -> frozenset[str]:
    """The types of those that are false; conditions that are unknown or missing are left out."""
    return _of(item, "False")


def _of(item: Mapping[str, Any], status: str) -> frozenset[str]:
    conditions = (item.get("status") or {}).get("conditions") or ()
    return frozenset(each["type"] for each in conditions if each["status"] == status)
