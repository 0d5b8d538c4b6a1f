"""Helm's records in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from panda_infra.helm.records import encode

HERE = "/api/v1/namespaces/panda"


def secret(
    release: str, revision: int, status: str, manifest: str = "", labels: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A record as the API server gives it."""
    return {
        "metadata": {
            "name": f"sh.helm.release.v1.{release}.v{revision}",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"owner": "helm", "name": release, "version": str(revision), "status": status}
            | dict(labels or {}),
        },
        "data": {"release": encode({"info": {"status": status}, "manifest": manifest, "version": revision})},
    }


class FakeRecords:
    """The Secrets of one namespace."""

    def __init__(self, secrets: Iterable[dict[str, Any]]) -> None:
        self.secrets = {f"{HERE}/secrets/{one['metadata']['name']}": one for one in secrets}
        self.patched: list[str] = []

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),  # noqa: ARG002
        missing: bool = False,
        accept: str = "",  # noqa: ARG002
    ) -> Any:
        if path == f"{HERE}/secrets":
            return {"items": list(self.secrets.values())}
        if method == "PATCH":
            assert body is not None
            self.patched.append(path)
            found = self.secrets[path]
            found["metadata"]["labels"] |= body["metadata"]["labels"]
            found["data"] |= body["data"]
            return found
        return self.secrets.get(path) if missing else self.secrets[path]
