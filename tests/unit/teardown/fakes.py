"""A Kubernetes API in memory, at the seam where commands ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from panda_infra.clients.kubernetes.client import JSON
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotFoundError


@dataclass
class FakeApi:
    """Objects by their path; a collection is a path with ``items``.

    ``broken`` paths fail, ``failures`` each in its own way. ``silent`` is how often nothing answers at all.
    """

    objects: dict[str, Any] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    failures: dict[str, KubernetesError] = field(default_factory=dict)
    silent: int = 0
    patched: list[tuple[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = JSON,  # noqa: ARG002 - the form of the answer, here always whole
    ) -> Any:
        if path in self.broken:
            raise KubernetesError(f"{method} {path}: refused")
        if path in self.failures:
            raise self.failures[path]
        if method == "PATCH":
            self.patched.append((path, body))
            return None
        if method == "DELETE":
            self.deleted.append(path)
            return None
        if path not in self.objects:
            if missing:
                return None
            raise KubernetesNotFoundError(f"{method} {path}: 404")
        found = self.objects[path]
        for key, value in query:
            assert key == "labelSelector"
            name, _, wanted = value.partition("=")
            found = {"items": [i for i in found["items"] if i["metadata"]["labels"].get(name) == wanted]}
        return found

    def answers(self) -> bool:
        self.silent -= 1
        return self.silent < 0

    def add(self, collection: str, *items: Mapping[str, Any]) -> None:
        """Put objects into a collection."""
        self.objects.setdefault(collection, {"items": []})["items"] += items
