from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.teardown.finalizers import free, stuck_in
from tests.support.kubernetes import FakeApi

SINCE = "2026-12-01T08:00:00Z"
VERBS = ["get", "list", "patch"]


def item(name: str, finalizers: list[str] | None = None, *, ending: bool = False) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "finalizers": finalizers}
    return {"metadata": metadata | ({"deletionTimestamp": SINCE} if ending else {})}


@pytest.fixture
def api() -> FakeApi:
    groups = ["example.com/v1", "metrics.k8s.io/v1"]
    api = FakeApi(failures={"/apis/metrics.k8s.io/v1": KubernetesError("refused")})
    api.objects["/apis"] = {"groups": [{"preferredVersion": {"groupVersion": one}} for one in groups]}
    api.objects["/api/v1"] = {
        "resources": [
            {"name": "configmaps", "namespaced": True, "verbs": VERBS},
            {"name": "nodes", "namespaced": False, "verbs": VERBS},
            {"name": "bindings", "namespaced": True, "verbs": ["create"]},
        ]
    }
    api.objects["/apis/example.com/v1"] = {
        "resources": [{"name": "things", "namespaced": True, "verbs": VERBS}]
    }
    return api


def test_only_what_is_ending_and_held_is_stuck_whatever_its_kind(api: FakeApi) -> None:
    api.add(
        "/api/v1/namespaces/panda/configmaps",
        item("alive", ["a/b"]),
        item("ending", ending=True),
        item("held", ["a/b", "c/d"], ending=True),
    )
    api.add("/apis/example.com/v1/namespaces/panda/things", item("thing", ["e/f"], ending=True))
    found = stuck_in(api, "panda")
    assert [str(one) for one in found] == [
        "configmaps held, which waits for a/b, c/d",
        "things thing, which waits for e/f",
    ]
    assert found[0].since == datetime(2026, 12, 1, 8, tzinfo=UTC)


def test_freeing_takes_all_finalizers(api: FakeApi) -> None:
    api.add("/api/v1/namespaces/panda/configmaps", item("held", ["a/b"], ending=True))
    (stuck,) = stuck_in(api, "panda")
    free(api, stuck)
    assert api.patched == [
        ("/api/v1/namespaces/panda/configmaps/held", {"metadata": {"finalizers": None}}),
    ]
