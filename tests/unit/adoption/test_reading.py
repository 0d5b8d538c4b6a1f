"""Helm's records show what runs, and what cannot be taken over is refused with a reason."""

from __future__ import annotations

import pytest

from panda_infra.adoption.installation import AdoptionError
from tests.unit.adoption.conftest import SECRET_VALUES, Cluster, installation


def test_releases_secrets_and_the_usual_class_are_found(cluster: Cluster) -> None:
    cluster.release("grafana", "grafana", {})
    cluster.release("other-ui", "ui", {}, parts=["dashboard"])
    found = installation(cluster)
    assert {name: release.name for name, release in found.releases.items()} == {
        "msgsvc": "msgsvc-dev",
        "panda": "panda-dev",
    }
    assert found.live["panda-envs"]["PANDA_DB_PASSWORD"] == b"canary-new"
    assert found.storage_class == "cinder"
    assert found.secrets.values["affix"] == "-dev"
    assert "canary" not in repr(found)


def test_a_release_that_is_not_at_rest_is_not_taken_over(cluster: Cluster) -> None:
    cluster.release("panda-dev", "panda", {}, parts=["server"], status="pending-upgrade", revision=2)
    with pytest.raises(AdoptionError, match="panda-dev is pending-upgrade: bring it to an end first"):
        installation(cluster)


def test_two_installations_in_one_namespace_must_be_reported_apart(cluster: Cluster) -> None:
    cluster.release("panda-test", "panda", {}, parts=["server", "jedi"])
    with pytest.raises(
        AdoptionError, match=r"panda runs more than once \(panda-dev, panda-test\).*--without"
    ):
        installation(cluster)
    found = installation(cluster, ["panda-test"])
    assert found.releases["panda"].name == "panda-dev"


def test_another_name_of_the_secrets_release_is_refused() -> None:
    cluster = Cluster()
    cluster.release("my-secrets", "secrets", {}, defaults=SECRET_VALUES)
    with pytest.raises(AdoptionError) as refusal:
        installation(cluster)
    assert "as release panda-secrets" in str(refusal.value)
    assert "found: my-secrets" in str(refusal.value)
    assert "holds neither a release of PanDA's charts" in str(refusal.value)
