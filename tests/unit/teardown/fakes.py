"""A Kubernetes API in memory, at the seam where commands ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from panda_infra.provider.kube_api import KubernetesError


@dataclass
class FakeApi:
    """Objects by their path; a collection is a path with ``items``. ``broken`` paths cannot be asked."""

    objects: dict[str, Any] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    patched: list[tuple[str, Any]] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = "",  # noqa: ARG002 - every answer has the whole objects
    ) -> Any:
        if path in self.broken:
            raise KubernetesError(f"{method} {path}: refused")
        if method == "PATCH":
            self.patched.append((path, body))
            return None
        if path not in self.objects:
            if missing:
                return None
            raise KubernetesError(f"{method} {path}: 404")
        found = self.objects[path]
        for key, value in query:
            assert key == "labelSelector"
            name, _, wanted = value.partition("=")
            found = {"items": [i for i in found["items"] if i["metadata"]["labels"].get(name) == wanted]}
        return found

    def add(self, collection: str, *items: Mapping[str, Any]) -> None:
        """Put objects into a collection."""
        self.objects.setdefault(collection, {"items": []})["items"] += items
