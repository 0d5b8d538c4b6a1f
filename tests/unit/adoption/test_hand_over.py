"""Marks for Helm on what Argo CD applied, and the end of the secrets chart's record: nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from panda_infra.adoption.hand_over import steps
from panda_infra.adoption.installation import AdoptionError
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.stacks import stack
from tests.unit.adoption.conftest import NAMESPACE, Cluster, EchoHelm

_APPS = "/apis/apps/v1"
_WORKLOAD = f"{_APPS}/namespaces/{NAMESPACE}/deployments/panda-msgsvc-activemq"


class Applied(Cluster):
    """A broker that Argo CD applied; writes down what is changed."""

    def __init__(self) -> None:
        super().__init__()
        metadata: dict[str, Any] = {"name": "panda-msgsvc-activemq", "labels": {"a": "b"}, "annotations": {}}
        self.workload = {"metadata": metadata}
        self.changed: list[tuple[str, str]] = []

    @override
    def call(self, method: str, path: str, *, body: Mapping[str, Any] | None = None, **more: Any) -> Any:
        if method == "GET" and path == _APPS:
            kinds = [("Deployment", "deployments"), ("Deployment", "deployments/status")]
            return {"resources": [{"kind": kind, "name": name, "namespaced": True} for kind, name in kinds]}
        if path == _WORKLOAD and method == "GET":
            return self.workload
        if method == "GET":
            return super().call(method, path, **more)
        self.changed.append((method, path))
        if body is not None:
            patch = json.loads(json.dumps(body))["metadata"]
            for key, values in patch.items():
                self.workload["metadata"][key] |= values
        else:
            self.secrets.pop(path.rpartition("/")[2])
        return None


@pytest.fixture
def plan() -> Plan:
    section = {"name": NAMESPACE, "adopt": True, "takeOver": True}
    return make_plan("mine", stack(affix="", namespace=section, components={"msgsvc": {}}, hosts={}))


@pytest.fixture
def applied() -> Applied:
    made = Applied()
    made.release("panda-secrets", "secrets", {}, defaults={"msgsvc": {}})
    made.release("panda-secrets", "secrets", {}, defaults={"msgsvc": {}}, revision=2)
    return made


def test_each_change_is_told_made_once_and_touches_no_pod(
    applied: Applied, plan: Plan, charts: Mapping[str, Path]
) -> None:
    wanted = steps(applied, plan, charts, EchoHelm("helm"))
    assert [step.words for step in wanted] == [
        "Deployment panda-msgsvc-activemq: becomes part of Helm's release panda-msgsvc",
        "Helm's record 1 of release panda-secrets: goes, its Secrets stay",
        "Helm's record 2 of release panda-secrets: goes, its Secrets stay",
    ]
    assert applied.changed == []
    applied.workload["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = (
        "panda-msgsvc:apps/Deployment"
    )
    for step in steps(applied, plan, charts, EchoHelm("helm")):
        step.take(applied)
    metadata = applied.workload["metadata"]
    assert metadata["labels"] == {"a": "b", "app.kubernetes.io/managed-by": "Helm"}
    assert metadata["annotations"] == {
        "meta.helm.sh/release-name": "panda-msgsvc",
        "meta.helm.sh/release-namespace": NAMESPACE,
        "argocd.argoproj.io/tracking-id": None,
    }
    assert [method for method, _ in applied.changed] == ["PATCH", "DELETE", "DELETE"]
    del metadata["annotations"]["argocd.argoproj.io/tracking-id"]
    assert steps(applied, plan, charts, EchoHelm("helm")) == []


def test_a_release_of_helms_needs_no_marks(applied: Applied, plan: Plan, charts: Mapping[str, Path]) -> None:
    applied.release("panda-msgsvc", "msgsvc", {}, parts=["activemq"])
    assert all("record" in step.words for step in steps(applied, plan, charts, EchoHelm("helm")))


def test_what_belongs_to_another_release_is_not_taken(
    applied: Applied, plan: Plan, charts: Mapping[str, Path]
) -> None:
    applied.workload["metadata"]["annotations"]["meta.helm.sh/release-name"] = "other"
    with pytest.raises(AdoptionError, match="Deployment panda-msgsvc-activemq belongs to release other"):
        steps(applied, plan, charts, EchoHelm("helm"))
