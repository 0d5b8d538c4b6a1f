"""A running stack passes from Helm to Argo CD and back: the same pods, the same claims, one owner at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from testbed.argocd_bed.bed import ArgoCd
from testbed.bed import Bed
from tests.support.beside_argocd import DELIVERED, ArgoStack, by_annotation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

# Without memory: Helm removes the chart's own number by a null.
_CPU = {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}
_COMPONENTS: dict[str, Any] = {
    "msgsvc": {},
    "iam": {},
    "iam-db": {},
    "panda": {"server": {"replicas": 2, "resources": _CPU}},
}
_HOSTS = {"panda": "panda.localhost", "iam": "iam.localhost"}
_HELM = {"panda-infra:delivery": "helm", "panda-infra:argocd": {"existing": True}}
_RELEASES = {"panda-msgsvc", "iam", "iam-db", "panda"}


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    with by_annotation(bed) as argo:
        yield argo


@pytest.fixture(scope="module", params=[False, True], ids=["test", "protected"])
def stack(argo: ArgoCd, bed: Bed, request: pytest.FixtureRequest) -> Iterator[ArgoStack]:
    assert argo.namespace
    protect: bool = request.param
    sections = {
        "panda-infra:components": _COMPONENTS,
        "panda-infra:hosts": _HOSTS,
        "panda-infra:lifecycle": {"protect": protect},
    }
    made = ArgoStack(bed, f"switched-{protect}".lower(), _HELM | sections)
    made.up()
    yield made
    made.workspace.configure({"panda-infra:lifecycle": {"protect": False}})
    made.up()
    result = made.workspace.destroy()
    assert result.code == 0, result.text
    assert made.is_gone()
    assert made.applications(argo) == {}


def test_no_pod_and_no_claim_becomes_another_one(stack: ArgoStack, argo: ArgoCd) -> None:
    before = stack.uids()
    assert stack.records() == _RELEASES
    stack.workspace.configure(DELIVERED)
    preview = stack.workspace.preview()
    assert preview.code == 0, preview.text
    assert "no pod is replaced and nothing is deleted but Helm's own record" in preview.text
    stack.up()
    assert stack.uids() == before
    assert stack.records() == set()
    assert set(stack.applications(argo)) == _RELEASES
    stack.up("--expect-no-changes")

    stack.workspace.configure(_HELM)
    preview = stack.workspace.preview()
    assert "nothing is deleted but the Application itself" in preview.text
    stack.up()
    assert stack.uids() == before
    assert stack.records() == _RELEASES
    assert stack.applications(argo) == {}
    tracked = [
        found["metadata"]["name"]
        for kind in ("services", "configmaps", "persistentvolumeclaims")
        for found in stack.listed(kind)
        if "argocd.argoproj.io/tracking-id" in json.dumps(found["metadata"].get("annotations") or {})
    ]
    assert tracked == []
    stack.up("--expect-no-changes")
    refreshed = stack.workspace.preview("--refresh", "--expect-no-changes")
    assert refreshed.code == 0, refreshed.text
