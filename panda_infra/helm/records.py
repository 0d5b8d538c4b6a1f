"""Helm's records of releases: one Secret for each revision, as Helm 3 writes them.

The labels of a record have its name, revision and status, so that a listing needs no content. The content is JSON,
compressed and encoded twice; it contains the chart values, so it is read only where it is needed.
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
"""The statuses of a release during work on it; a release keeps them if that run is killed."""

_PREFIX = "sh.helm.release.v1"
# Lists only metadata: the content of all records would be megabytes.
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


@dataclass(frozen=True)
class Record:
    """One revision of a release; ``written`` is the time of its last write, to the second."""

    namespace: str
    release: str
    revision: int
    status: str
    written: datetime
    labels: Mapping[str, str]

    @property
    def path(self) -> str:
        """The path of its Secret in the API."""
        name = f"{_PREFIX}.{self.release}.v{self.revision}"
        return f"/api/v1/namespaces/{self.namespace}/secrets/{name}"

    @property
    def is_pending(self) -> bool:
        """True if a run works on the release, or was killed during the work."""
        return self.status in PENDING

    def age(self, now: datetime) -> float:
        """Seconds since the last write."""
        return (now - self.written).total_seconds()


def histories(api: KubernetesApi, namespace: str) -> dict[str, list[Record]]:
    """The records of each release in a namespace, the newest last; empty if the namespace is missing.

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
    """The content of a record; None if it was deleted since the listing.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    secret = api.call("GET", record.path, missing=True)
    return decode(secret["data"]["release"]) if secret else None


def write(api: KubernetesApi, record: Record, content: Mapping[str, Any]) -> None:
    """Replace the content of a record, and its status by that of the content.

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
    """The ``release`` key of a record for a content; the inverse of ``decode``."""
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)
    return b64encode(b64encode(packed)).decode()


def _records(items: Iterable[Mapping[str, Any]], namespace: str) -> Iterable[Record]:
    for item in items:
        labels: Mapping[str, str] = item["metadata"].get("labels") or {}
        # Other Secrets may have Helm's label too.
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
    """The API server's time of the last write: the labels of a new record may repeat the times of the former one."""
    times = [field["time"] for field in metadata.get("managedFields") or () if field.get("time")]
    return max(map(datetime.fromisoformat, [metadata["creationTimestamp"], *times]))
