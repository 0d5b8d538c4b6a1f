"""The changes that the API server would make if a release's objects were applied again."""

from __future__ import annotations

import pytest

from panda_infra.clients.kubernetes.client import APPLY
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.live.drift import deviations
from tests.support.kubernetes import FakeApi

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


@pytest.fixture
def cluster() -> FakeApi:
    return FakeApi(
        {
            "/apis/apps/v1": {
                "resources": [
                    {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
                    {"name": "deployments", "kind": "Deployment", "namespaced": True},
                ]
            },
            "/apis/rbac.authorization.k8s.io/v1": {
                "resources": [{"name": "clusterroles", "kind": "ClusterRole", "namespaced": False}]
            },
            DEPLOYMENT: {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "server", "uid": "1", "resourceVersion": "5"},
                "spec": {"replicas": 2, "template": {"image": "a"}, "defaulted": True},
                "status": {"ready": 2},
            },
            ROLE: {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": "reader"},
            },
        }
    )


def found(cluster: FakeApi) -> list[str]:
    return [str(one) for one in deviations(cluster, "panda", {"manifest": MANIFEST})]


def test_what_is_as_the_manifest_says_has_not_drifted_and_nothing_is_changed(cluster: FakeApi) -> None:
    assert found(cluster) == []
    applied = [call for call in cluster.calls if call.method == APPLY]
    assert len(applied) == 2
    assert all(("dryRun", "All") in call.query for call in applied)


def test_a_workload_that_was_scaled_by_hand(cluster: FakeApi) -> None:
    cluster.objects[DEPLOYMENT]["spec"]["replicas"] = 0
    assert found(cluster) == ["Deployment server differs in spec.replicas (0 instead of 2)"]


def test_texts_are_not_shown(cluster: FakeApi) -> None:
    cluster.objects[DEPLOYMENT]["spec"]["template"] = {"image": "a-secret"}
    assert found(cluster) == ["Deployment server differs in spec.template.image"]


def test_what_was_deleted_is_missing(cluster: FakeApi) -> None:
    del cluster.objects[DEPLOYMENT], cluster.objects[ROLE]
    assert found(cluster) == ["ClusterRole reader is missing", "Deployment server is missing"]


def test_a_kind_that_the_cluster_does_not_have_is_missing(cluster: FakeApi) -> None:
    record = {"manifest": MANIFEST.replace("Deployment", "Gone")}
    assert [str(one) for one in deviations(cluster, "panda", record)] == ["Gone server is missing"]


def test_an_object_that_cannot_be_applied_again_is_shown(cluster: FakeApi) -> None:
    cluster.failures[f"{APPLY} {DEPLOYMENT}"] = KubernetesError("immutable", status=422)
    assert "Deployment server could not be applied again (422)" in found(cluster)


def test_without_the_right_to_ask_nothing_is_known(cluster: FakeApi) -> None:
    cluster.failures[f"{APPLY} {DEPLOYMENT}"] = KubernetesNotAllowedError("forbidden", status=403)
    with pytest.raises(KubernetesNotAllowedError):
        found(cluster)
