"""List the objects of a collection, also for users who may not read it."""

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
