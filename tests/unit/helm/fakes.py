"""Helm's records in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from panda_infra.helm.records import encode

HERE = "/api/v1/namespaces/panda"


def secret(
    release: str, revision: int, status: str, manifest: str = "", *, written: str = "2026-01-01T00:00:00Z"
) -> dict[str, Any]:
    """A record as the API server gives it, made in 2026's first second."""
    return {
        "metadata": {
            "name": f"sh.helm.release.v1.{release}.v{revision}",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [{"manager": "Helm", "time": written}],
            "labels": {"owner": "helm", "name": release, "version": str(revision), "status": status},
        },
        "data": {"release": encode({"info": {"status": status}, "manifest": manifest, "version": revision})},
    }


class FakeRecords:
    """The Secrets of one namespace, and its Leases by name."""

    def __init__(self, secrets: Iterable[dict[str, Any]]) -> None:
        self.secrets = {f"{HERE}/secrets/{one['metadata']['name']}": one for one in secrets}
        self.leases: dict[str, dict[str, Any]] = {}
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
        if "/leases" in path:
            return self._lease(method, path.rpartition("/")[2], body or {})
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

    def _lease(self, method: str, name: str, body: Mapping[str, Any]) -> Any:
        if method == "POST":
            name = body["metadata"]["name"]
            self.leases[name] = {"spec": {}, **body}
        elif method == "PATCH":
            found = self.leases[name]
            given = body.get("metadata", {}).get("annotations") or {}
            known = found["metadata"].setdefault("annotations", {})
            found["metadata"]["annotations"] = {k: v for k, v in (known | given).items() if v is not None}
            found["spec"] |= body.get("spec", {})
        found_lease = self.leases.get(name)
        if found_lease:
            found_lease["metadata"].setdefault("resourceVersion", "1")
        return found_lease
