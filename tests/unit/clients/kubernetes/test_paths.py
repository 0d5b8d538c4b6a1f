"""Where the API has an object of any kind."""

from __future__ import annotations

from panda_infra.clients.kubernetes.paths import ObjectPaths
from tests.support.kubernetes import FakeApi

_CORE = {
    "resources": [
        {"kind": "Service", "name": "services", "namespaced": True},
        {"kind": "Service", "name": "services/status", "namespaced": True},
        {"kind": "PersistentVolume", "name": "persistentvolumes", "namespaced": False},
    ]
}


def test_paths_follow_the_kinds_that_the_api_lists_once() -> None:
    api = FakeApi({"/api/v1": _CORE})
    paths = ObjectPaths(api, "panda")
    assert paths.of("v1", "Service", "a") == "/api/v1/namespaces/panda/services/a"
    assert paths.of("v1", "Service", "a", "other") == "/api/v1/namespaces/other/services/a"
    assert paths.of("v1", "PersistentVolume", "b", "other") == "/api/v1/persistentvolumes/b"
    assert len(api.calls) == 1


def test_a_kind_that_the_cluster_does_not_have_has_no_path() -> None:
    assert ObjectPaths(FakeApi(), "panda").of("route.openshift.io/v1", "Route", "a") is None
