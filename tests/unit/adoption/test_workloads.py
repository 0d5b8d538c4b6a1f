"""What Helm would change, and what of it replaces pods."""

from __future__ import annotations

import json
from typing import Any

from panda_infra.adoption.workloads import changes, replaces_pods


def manifest(image: str = "a:1", labels: dict[str, str] | None = None, **more: Any) -> str:
    template = {"spec": {"containers": [{"name": "other", "image": "b"}, {"name": "main", "image": image}]}}
    workload = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "panda", "labels": labels or {}},
        "spec": {"replicas": 1, "template": template, **more},
    }
    return f"---\n{json.dumps(workload)}\n"


def test_the_same_manifest_changes_nothing() -> None:
    assert not list(changes(manifest(), manifest()))


def test_another_image_replaces_pods_and_is_reported_alone() -> None:
    (change,) = changes(manifest(), manifest("a:2"))
    assert (change.kind, change.name, change.found, change.stack) == ("StatefulSet", "panda", "a:1", "a:2")
    assert change.path == ("spec", "template", "spec", "containers", "main", "image")
    assert replaces_pods(change)


def test_other_fields_replace_no_pod() -> None:
    found = list(changes(manifest(), manifest(labels={"a": "b"}, replicas=2)))
    assert [change.path for change in found] == [("metadata", "labels", "a"), ("spec", "replicas")]
    assert not any(map(replaces_pods, found))
