"""Marks for Helm on what Argo CD applied, and the end of the secrets chart's record: nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from panda_infra.adoption.hand_over import steps
from panda_infra.adoption.installation import AdoptionError
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.stacks import stack
from tests.unit.adoption.conftest import NAMESPACE, Cluster, EchoHelm

_APPS = "/apis/apps/v1"
_WORKLOAD = f"{_APPS}/namespaces/{NAMESPACE}/deployments/panda-msgsvc-activemq"


class Applied(Cluster):
    """A broker that Argo CD applied."""

    def __init__(self) -> None:
        kinds = [("Deployment", "deployments"), ("Deployment", "deployments/status")]
        resources = [{"kind": kind, "name": name, "namespaced": True} for kind, name in kinds]
        metadata = {"name": "panda-msgsvc-activemq", "labels": {"a": "b"}, "annotations": {}}
        super().__init__({_APPS: {"resources": resources}, _WORKLOAD: {"metadata": metadata}})

    @property
    def metadata(self) -> dict[str, Any]:
        """The workload's."""
        found: dict[str, Any] = self.objects[_WORKLOAD]["metadata"]
        return found

    @property
    def changed(self) -> list[str]:
        """The methods of what was changed."""
        return [call.method for call in self.calls if call.method != "GET"]


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


def test_each_change_is_reported_made_once_and_touches_no_pod(
    applied: Applied, plan: Plan, charts: Mapping[str, Path]
) -> None:
    wanted = steps(applied, plan, charts, EchoHelm("helm"))
    assert [step.words for step in wanted] == [
        "Deployment panda-msgsvc-activemq: becomes part of Helm's release panda-msgsvc",
        "Helm's record 1 of release panda-secrets: goes, its Secrets stay",
        "Helm's record 2 of release panda-secrets: goes, its Secrets stay",
    ]
    assert applied.changed == []
    applied.metadata["annotations"]["argocd.argoproj.io/tracking-id"] = "panda-msgsvc:apps/Deployment"
    for step in steps(applied, plan, charts, EchoHelm("helm")):
        step.take(applied)
    metadata = applied.metadata
    assert metadata["labels"] == {"a": "b", "app.kubernetes.io/managed-by": "Helm"}
    assert metadata["annotations"] == {
        "meta.helm.sh/release-name": "panda-msgsvc",
        "meta.helm.sh/release-namespace": NAMESPACE,
    }
    assert applied.changed == ["PATCH", "DELETE", "DELETE"]
    assert steps(applied, plan, charts, EchoHelm("helm")) == []


def test_a_release_of_helms_needs_no_marks(applied: Applied, plan: Plan, charts: Mapping[str, Path]) -> None:
    applied.release("panda-msgsvc", "msgsvc", {}, parts=["activemq"])
    assert all("record" in step.words for step in steps(applied, plan, charts, EchoHelm("helm")))


def test_what_belongs_to_another_release_is_not_taken(
    applied: Applied, plan: Plan, charts: Mapping[str, Path]
) -> None:
    applied.metadata["annotations"]["meta.helm.sh/release-name"] = "other"
    with pytest.raises(AdoptionError, match="Deployment panda-msgsvc-activemq belongs to release other"):
        steps(applied, plan, charts, EchoHelm("helm"))
