"""The paths of objects of any kind in the API, from the API's own list of kinds."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi

__all__ = ["ObjectPaths"]


class ObjectPaths:
    """Asks for each version of an API once; safe for threads. ``namespace`` is that of objects without one."""

    def __init__(self, api: KubernetesApi, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._known: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        self._lock = Lock()

    def of(self, api_version: str, kind: str, name: str, namespace: str = "") -> str | None:
        """The path of an object; None if the cluster does not have its kind.

        Raises:
            KubernetesError: the cluster cannot be asked.
        """
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        with self._lock:
            if root not in self._known:
                listed = (self._api.call("GET", root, missing=True) or {}).get("resources") or ()
                self._known[root] = {one["kind"]: one for one in listed if "/" not in one["name"]}
        found = self._known[root].get(kind)
        if found is None:
            return None
        inside = f"/namespaces/{namespace or self._namespace}" if found["namespaced"] else ""
        return f"{root}{inside}/{found['name']}/{name}"
