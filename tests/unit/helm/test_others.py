"""What an autoscaler and an updater own of a workload."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from panda_infra.helm.manifest import items_of
from panda_infra.helm.others import Found, as_found, base, found, replicas_of
from tests.support.kubernetes import FakeApi

DIGEST = f"sha256:{'a' * 64}"
BOTH = {"server": frozenset({"replicaCount", "image.tag"})}


def workload(name: str, container: str, replicas: int | None, image: str) -> dict[str, Any]:
    containers = [{"name": container, "image": image}, {"name": "beside", "image": "x:1"}]
    spec: dict[str, Any] = {"template": {"spec": {"containers": containers}}}
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": spec}


WANTED = workload("panda-server", "server", 1, "ghcr.io/panda:1.0")
OTHER = workload("panda-jedi", "jedi", 1, "ghcr.io/jedi:1.0")
MANIFEST = "\n---\n".join(
    map(yaml.safe_dump, (WANTED, OTHER, {"kind": "Service", "metadata": {"name": "s"}}))
)
SERVER, JEDI, SERVICE = items_of(MANIFEST)


def set_by_others(live: dict[str, Any] | None, *owned: str) -> list[Found]:
    cluster = FakeApi()
    if live:
        cluster.add("/apis/apps/v1/namespaces/panda/statefulsets", live)
    return list(found(cluster, "panda", MANIFEST, {"server": frozenset(owned)} if owned else BOTH))


def test_what_others_have_set_is_found_in_their_workloads_alone() -> None:
    live = workload("panda-server", "server", 5, "ghcr.io/panda:2.0")
    assert set_by_others(live) == [Found("server", 5, "ghcr.io/panda", "2.0")]
    assert set_by_others(live, "replicaCount") == [Found("server", 5)]
    assert set_by_others(live, "image.tag") == [Found("server", None, "ghcr.io/panda", "2.0")]


def test_of_a_workload_that_is_gone_nothing_is_found() -> None:
    assert set_by_others(None) == []


@pytest.mark.parametrize(
    ("image", "repository", "tag"),
    [
        ("registry:5000/panda", None, None),
        ("registry:5000/panda:2", "registry:5000/panda", "2"),
        (f"ghcr.io/panda@{DIGEST}", "ghcr.io/panda@sha256", "a" * 64),
        (f"ghcr.io/panda:2@{DIGEST}", "ghcr.io/panda:2@sha256", "a" * 64),
    ],
)
def test_an_image_is_taken_as_charts_put_it_together(
    image: str, repository: str | None, tag: str | None
) -> None:
    [one] = set_by_others(workload("panda-server", "server", 1, image))
    assert (one.repository, one.tag) == (repository, tag)
    assert base(image) == ("registry:5000/panda" if "5000" in image else "ghcr.io/panda")


def test_what_others_own_is_as_it_should_be_however_it_is() -> None:
    live = workload("panda-server", "server", 5, "ghcr.io/panda:2.0")
    content = as_found(SERVER, live, BOTH)
    assert content["spec"] == live["spec"]
    assert SERVER.content["spec"]["replicas"] == 1, "the manifest stays as it is"
    assert (
        as_found(SERVER, live, {"server": frozenset({"replicaCount"})})["spec"]["template"]
        == (WANTED["spec"]["template"])
    )
    assert as_found(JEDI, live, BOTH) is JEDI.content
    assert as_found(SERVICE, {"metadata": {}}, BOTH) is SERVICE.content


def test_another_image_is_nobodys_tag() -> None:
    live = workload("panda-server", "server", 1, "elsewhere/panda:2.0")
    assert as_found(SERVER, live, BOTH)["spec"] == WANTED["spec"]


def test_an_autoscaler_says_how_many_pods_there_should_be() -> None:
    live = workload("panda-server", "server", 5, "ghcr.io/panda:1.0")
    assert replicas_of(SERVER, live, BOTH) == 5
    assert replicas_of(SERVER, live, {}) == 1
    assert replicas_of(SERVER, {}, BOTH) == 1
    assert replicas_of(SERVER, workload("panda-server", "server", 0, "x:1"), BOTH) == 0
