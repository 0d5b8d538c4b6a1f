"""A project goes after the Applications that a killed run has left in it."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.errors import PandaInfraError
from panda_infra.guard import projects as module
from panda_infra.guard.cluster import Cluster
from panda_infra.guard.projects import Projects, is_project
from tests.support.kubernetes import FakeApi
from tests.unit.argocd.examples import PATH, application
from tests.unit.guard.test_releases import Reports

_URN = "urn:pulumi:test::panda-infra::panda-infra:delivery:ArgoCdStack$kubernetes:argoproj.io/v1alpha1:AppProject::p"
_COLLECTION = PATH.rpartition("/")[0]


def emptied(api: FakeApi) -> None:
    cluster = Cluster(lambda _kubeconfig, _context: api)
    configured = wire.ConfigureRequest()
    configured.args.update({"kubeconfig": "a kubeconfig"})
    cluster.configure(configured)
    request = wire.DeleteRequest(urn=_URN)
    request.properties.update({"metadata": {"name": "mine", "namespace": "argocd"}})
    reported = Reports()
    Projects(lambda _urn: reported, cluster).empty(request)


def left(name: str, project: str, **metadata: Any) -> dict[str, Any]:
    found = application()
    found["metadata"] |= {"name": name, **metadata}
    found["spec"]["project"] = project
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POLL", 0.01)
    monkeypatch.setattr(module, "_WITHIN", 0.1)


def test_projects_are_reported_from_other_resources() -> None:
    assert is_project(_URN)
    assert not is_project("urn:pulumi:local::panda-infra::kubernetes:core/v1:Secret::x")


def test_what_is_left_in_the_project_is_deleted_and_nothing_else() -> None:
    api = FakeApi()
    api.add(_COLLECTION, left("panda", "mine"), left("idds", "default"))
    emptied(api)
    assert api.deleted == [PATH]
    (patched,) = api.patched
    assert patched == (PATH, {"metadata": {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}})


def test_one_that_argo_cd_does_not_delete_is_named() -> None:
    api = FakeApi()
    api.add(_COLLECTION, left("panda", "mine", deletionTimestamp="2026-01-01T00:00:00Z"))
    with pytest.raises(PandaInfraError, match="does not delete panda: does its application controller run"):
        emptied(api)
    assert api.deleted == []
