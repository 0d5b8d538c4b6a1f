"""The objects of a collection, for users who may read it and for those who may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError

__all__ = ["Listing", "items", "listing"]


@dataclass(frozen=True)
class Listing:
    """The objects of a collection; ``refused`` says why they may not be read, and is empty if they may."""

    items: Sequence[Mapping[str, Any]] = ()
    refused: str = ""


def items(api: KubernetesApi, path: str, *, labels: str = "") -> list[Mapping[str, Any]]:
    """The objects of a collection, or those with some labels; none when the cluster has no such kind."""
    query = [("labelSelector", labels)] if labels else []
    return (api.call("GET", path, query=query, missing=True) or {}).get("items") or []


def listing(api: KubernetesApi, path: str, *, labels: str = "") -> Listing:
    """The same for a user who may not be allowed to: one who is at home in a single namespace."""
    try:
        return Listing(items(api, path, labels=labels))
    except KubernetesNotAllowedError as error:
        if error.status != HTTPStatus.FORBIDDEN:  # the user is not known at all
            raise
        return Listing(refused=error.what)
