"""Which claims outlive an Application."""

from __future__ import annotations

from typing import Any

from panda_infra.argocd.claims import destination_of, mark_claims
from panda_infra.plan.argocd_names import UNDELETED
from tests.support.kubernetes import FakeApi
from tests.unit.argocd.examples import application, resource

_CLAIMS = "/api/v1/namespaces/panda/persistentvolumeclaims"


def claim(name: str, release: str = "", mode: str = "ReadWriteOnce", **notes: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": release} if release else {}
    return {
        "metadata": {"name": name, "labels": labels, "annotations": notes},
        "spec": {"accessModes": [mode]},
    }


def cluster(*claims: dict[str, Any]) -> FakeApi:
    api = FakeApi()
    api.add(_CLAIMS, *claims)
    return api


def notes(api: FakeApi, name: str) -> dict[str, str]:
    found: dict[str, str] = api.objects[f"{_CLAIMS}/{name}"]["metadata"].get("annotations") or {}
    return found


def test_its_own_claims_and_those_of_its_statefulsets_are_kept() -> None:
    api = cluster(claim("panda-postgres"), claim("logs-panda-server-0", "panda"), claim("other", "idds"))
    live = application(resources=[resource("PersistentVolumeClaim", "panda-postgres")])
    assert mark_claims(api, live, keep=True) == ["panda-postgres", "logs-panda-server-0"]
    assert notes(api, "panda-postgres") == notes(api, "logs-panda-server-0") == UNDELETED
    assert notes(api, "other") == {}
    assert mark_claims(api, live, keep=True) == []


def test_one_that_is_only_read_holds_no_data() -> None:
    api = cluster(claim("cvmfs", "panda", "ReadOnlyMany"))
    assert mark_claims(api, application(), keep=True) == []


def test_marks_are_taken_away_with_that_of_helm() -> None:
    api = cluster(
        claim("panda-postgres", "panda", **UNDELETED, **{"helm.sh/resource-policy": "keep", "a": "b"})
    )
    assert mark_claims(api, application(), keep=False) == ["panda-postgres"]
    assert notes(api, "panda-postgres") == {"a": "b"}


def test_an_application_without_a_release_name_deploys_its_own() -> None:
    live = application()
    assert destination_of(live) == ("panda", "panda")
    bare = {"metadata": {"name": "mine"}, "spec": {"destination": {"namespace": "there"}}}
    assert destination_of(bare) == ("there", "mine")
