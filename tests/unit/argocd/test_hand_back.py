"""Objects pass from an Application to a Helm release."""

from __future__ import annotations

import pytest

from panda_infra.argocd.hand_back import detach, hand_back
from panda_infra.errors import PandaInfraError
from panda_infra.plan.argocd_names import TRACKING, UNDELETED
from tests.support.kubernetes import FakeApi
from tests.unit.argocd.examples import PATH, application, resource

_SET = "/apis/apps/v1/namespaces/panda/statefulsets/panda-server"


def cluster() -> FakeApi:
    api = FakeApi()
    api.objects["/apis/apps/v1"] = {
        "resources": [{"kind": "StatefulSet", "name": "statefulsets", "namespaced": True}]
    }
    api.objects[_SET] = {
        "metadata": {"name": "panda-server", "annotations": {TRACKING: "panda:x", "a": "b", **UNDELETED}}
    }
    api.objects[PATH] = application(
        resources=[resource("StatefulSet", "panda-server"), resource("StatefulSet", "gone")]
    )
    return api


def test_objects_bear_the_marks_of_helm_and_the_application_goes_alone() -> None:
    api = cluster()
    assert hand_back(api, PATH, within=1) == 2
    metadata = api.objects[_SET]["metadata"]
    assert metadata["labels"] == {"app.kubernetes.io/managed-by": "Helm"}
    assert metadata["annotations"] == {
        "a": "b",
        "meta.helm.sh/release-name": "panda",
        "meta.helm.sh/release-namespace": "panda",
    }
    assert PATH not in api.objects
    (deleted,) = (call for call in api.calls if call.method == "DELETE")
    assert deleted.query == (("propagationPolicy", "Orphan"),)
    assert hand_back(api, PATH, within=1) == 0, "again, there is nothing left"


def test_it_neither_syncs_nor_cascades_before_anything_is_marked() -> None:
    api = cluster()
    hand_back(api, PATH, within=1)
    changes = [(call.path, call.body) for call in api.calls if call.method == "PATCH"]
    assert changes[0] == (
        PATH,
        {"metadata": {"finalizers": None}, "spec": {"syncPolicy": {"automated": None}}},
    )
    assert changes[1][0] == _SET


def test_a_sync_that_does_not_end_is_reported() -> None:
    api = cluster()
    api.objects[PATH]["status"]["operationState"] = {"phase": "Running"}
    with pytest.raises(
        PandaInfraError, match=r"does not end its sync within 0 s: does Argo CD's controller run\?"
    ):
        detach(api, PATH, within=0)
