"""Helm's records of releases: one Secret for each revision, as Helm 3 writes them.

The labels of a record give its name, revision and status, so that a listing needs no content. The content is JSON,
compressed and encoded twice; it holds the chart values, so it is read only where it must be changed.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi

__all__ = ["DEPLOYED", "PENDING", "Record", "decode", "encode", "histories", "read", "write"]

DEPLOYED = "deployed"
PENDING = frozenset({"pending-install", "pending-upgrade", "pending-rollback", "uninstalling"})
"""What a release is while somebody works on it, and stays when that one is killed."""

_PREFIX = "sh.helm.release.v1"
# A listing of nothing but metadata: the content of all records would be megabytes.
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


@dataclass(frozen=True)
class Record:
    """One revision of a release; ``written`` is when it was last written, to the second."""

    namespace: str
    release: str
    revision: int
    status: str
    written: datetime
    labels: Mapping[str, str]

    @property
    def path(self) -> str:
        """Of the Secret in the API."""
        name = f"{_PREFIX}.{self.release}.v{self.revision}"
        return f"/api/v1/namespaces/{self.namespace}/secrets/{name}"

    @property
    def is_pending(self) -> bool:
        """Whether somebody works on the release, or was killed while doing so."""
        return self.status in PENDING

    def age(self, now: datetime) -> float:
        """Seconds since it was written."""
        return (now - self.written).total_seconds()


def histories(api: KubernetesApi, namespace: str) -> dict[str, list[Record]]:
    """The records of each release in a namespace, the newest last; empty without a namespace.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    listed = api.call(
        "GET",
        f"/api/v1/namespaces/{namespace}/secrets",
        query=[("labelSelector", "owner=helm")],
        accept=_METADATA_ONLY,
        missing=True,
    )
    found: dict[str, list[Record]] = {}
    for record in _records((listed or {}).get("items") or (), namespace):
        found.setdefault(record.release, []).append(record)
    return {name: sorted(records, key=lambda record: record.revision) for name, records in found.items()}


def read(api: KubernetesApi, record: Record) -> dict[str, Any] | None:
    """The content of a record; None when it has gone since it was listed.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    secret = api.call("GET", record.path, missing=True)
    return decode(secret["data"]["release"]) if secret else None


def write(api: KubernetesApi, record: Record, content: Mapping[str, Any]) -> None:
    """Put another content into a record; its status becomes that of the content.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    labels = {**record.labels, "status": content["info"]["status"]}
    body = {"metadata": {"labels": labels}, "data": {"release": encode(content)}}
    api.call("PATCH", record.path, body=body)


def decode(data: str) -> dict[str, Any]:
    """The content of a record from the ``release`` key of its Secret, as the API gives it."""
    packed = b64decode(b64decode(data))
    # Helm up to 3.0 did not compress.
    text = gzip.decompress(packed) if packed.startswith(b"\x1f\x8b") else packed
    content: dict[str, Any] = json.loads(text)
    return content


def encode(content: Mapping[str, Any]) -> str:
    """What ``decode`` reads."""
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)
    return b64encode(b64encode(packed)).decode()


def _records(items: Iterable[Mapping[str, Any]], namespace: str) -> Iterable[Record]:
    for item in items:
        labels: Mapping[str, str] = item["metadata"].get("labels") or {}
        # What else carries Helm's label is no record.
        if {"name", "version", "status"} <= labels.keys() and labels["version"].isdigit():
            yield Record(
                namespace=namespace,
                release=labels["name"],
                revision=int(labels["version"]),
                status=labels["status"],
                written=_written(item["metadata"]),
                labels=labels,
            )


def _written(metadata: Mapping[str, Any]) -> datetime:
    """As the API server noted it: in its labels a new record has the times of the one before it."""
    times = [field["time"] for field in metadata.get("managedFields") or () if field.get("time")]
    return max(map(datetime.fromisoformat, [metadata["creationTimestamp"], *times]))
