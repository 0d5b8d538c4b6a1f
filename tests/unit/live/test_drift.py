"""What the API server says would change if a release's objects were applied again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from panda_infra.clients.kubernetes.client import APPLY
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.live.drift import deviations

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: server}
spec: {replicas: 2, template: {image: a}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
"""
DEPLOYMENT = "/apis/apps/v1/namespaces/panda/deployments/server"
ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/reader"


class Cluster:
    """Live objects by path; an apply merges one level deep, as much as these tests need."""

    def __init__(self) -> None:
        self.live: dict[str, dict[str, Any]] = {
            DEPLOYMENT: {
                "metadata": {"name": "server", "uid": "1", "resourceVersion": "5"},
                "spec": {"replicas": 2, "template": {"image": "a"}, "defaulted": True},
                "status": {"ready": 2},
            },
            ROLE: {"metadata": {"name": "reader"}},
        }
        self.error: KubernetesError | None = None
        self.applied: list[Sequence[tuple[str, str]]] = []

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = "",  # noqa: ARG002
    ) -> Any:
        if path == "/apis/apps/v1":
            return {
                "resources": [
                    {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
                    {"name": "deployments", "kind": "Deployment", "namespaced": True},
                ]
            }
        if path == "/apis/rbac.authorization.k8s.io/v1":
            return {"resources": [{"name": "clusterroles", "kind": "ClusterRole", "namespaced": False}]}
        if method == APPLY:
            self.applied.append(query)
            if self.error:
                raise self.error
            live = self.live[path]
            assert body is not None
            merged = {**live, "metadata": {**live["metadata"], "resourceVersion": "6", "managedFields": []}}
            return merged | {"spec": live.get("spec", {}) | body["spec"]} if "spec" in body else merged
        assert missing
        return self.live.get(path)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def found(cluster: Cluster) -> list[str]:
    return [str(one) for one in deviations(cluster, "panda", {"manifest": MANIFEST})]


def test_what_is_as_the_manifest_says_has_not_drifted_and_nothing_is_changed(cluster: Cluster) -> None:
    assert found(cluster) == []
    assert all(("dryRun", "All") in query for query in cluster.applied)


def test_a_workload_that_was_scaled_by_hand(cluster: Cluster) -> None:
    cluster.live[DEPLOYMENT]["spec"]["replicas"] = 0
    assert found(cluster) == ["Deployment server differs in spec.replicas (0 instead of 2)"]


def test_texts_are_not_shown(cluster: Cluster) -> None:
    cluster.live[DEPLOYMENT]["spec"]["template"] = {"image": "a-secret"}
    assert found(cluster) == ["Deployment server differs in spec.template.image"]


def test_what_was_deleted_is_missing(cluster: Cluster) -> None:
    del cluster.live[DEPLOYMENT], cluster.live[ROLE]
    assert found(cluster) == ["ClusterRole reader is missing", "Deployment server is missing"]


def test_a_kind_that_the_cluster_does_not_have_is_missing() -> None:
    record = {"manifest": MANIFEST.replace("Deployment", "Gone")}
    assert [str(one) for one in deviations(Cluster(), "panda", record)] == ["Gone server is missing"]


def test_an_object_that_cannot_be_applied_again_is_shown(cluster: Cluster) -> None:
    cluster.error = KubernetesError("immutable", status=422)
    assert "Deployment server could not be applied again (422)" in found(cluster)


def test_without_the_right_to_ask_nothing_is_known(cluster: Cluster) -> None:
    cluster.error = KubernetesNotAllowedError("forbidden", status=403)
    with pytest.raises(KubernetesNotAllowedError):
        found(cluster)
