"""A volume of Cinder or Manila is a stack's only by its own metadata, or by what it is attached to."""

from __future__ import annotations

from uuid import UUID

import pytest

from panda_infra.clients.openstack.api import BlockVolume, ClusterInfo, Share
from panda_infra.teardown.volumes import made_by, shared_by, state_of
from tests.unit.provider.fakes import FakeOpenStack, World

ID, OTHER_ID, GONE_ID = (str(UUID(int=number)) for number in range(3))


@pytest.fixture
def world() -> World:
    clusters = {ID: "panda-test", OTHER_ID: "panda-other"}
    return World(clusters={one: ClusterInfo(one, name, "CREATE_COMPLETE") for one, name in clusters.items()})


def volume(cluster: str | None, namespace: str | None = None, *servers: str) -> BlockVolume:
    metadata = {
        "cinder.csi.openstack.org/cluster": cluster,
        "csi.storage.k8s.io/pvc/namespace": namespace,
        "csi.storage.k8s.io/pvc/name": namespace and "data",
    }
    reported = {key: value for key, value in metadata.items() if value}
    return BlockVolume("v", "pvc-1", "available", 10, reported, servers)


def is_ours(world: World, found: BlockVolume) -> bool:
    world.block_volumes = {found.id: found}
    return [*made_by({"panda-test", ID}, "panda", {"s1"}, FakeOpenStack(world))] == [found]


@pytest.mark.parametrize("cluster", ["panda-test", ID])
def test_what_names_the_cluster_is_of_it_whatever_its_namespace(world: World, cluster: str) -> None:
    assert is_ours(world, volume(cluster))
    assert is_ours(world, volume(cluster, "monitoring", "somewhere"))


@pytest.mark.parametrize("cluster", ["kubernetes", GONE_ID])
def test_what_names_no_cluster_that_could_be_asked_is_of_the_namespace(world: World, cluster: str) -> None:
    assert is_ours(world, volume(cluster, "panda"))
    assert is_ours(world, volume(cluster, "panda", "s1"))
    assert not is_ours(world, volume(cluster, "panda", "server-of-others"))
    assert not is_ours(world, volume(cluster, "default"))
    assert not is_ours(world, volume(cluster))


@pytest.mark.parametrize("cluster", ["panda-other", OTHER_ID, "panda-test-2", None])
def test_what_names_another_cluster_is_not_ours(world: World, cluster: str | None) -> None:
    assert not is_ours(world, volume(cluster, "panda"))


def test_a_cluster_is_asked_for_once(world: World) -> None:
    world.block_volumes = {str(i): volume(GONE_ID, "panda") for i in range(5)}
    assert len([*made_by({"panda-test"}, "panda", set(), FakeOpenStack(world))]) == 5
    assert world.calls["cluster"] == 1


def test_claim_and_cluster_are_reported() -> None:
    expected = "available, 10 GiB, of claim panda/data, made by cluster kubernetes"
    assert state_of(volume("kubernetes", "panda")) == expected
    assert state_of(volume("panda-test")) == "available, 10 GiB, made by cluster panda-test"


def share(cluster: str | None, namespace: str | None = None) -> Share:
    metadata = {
        "manila.csi.openstack.org/cluster": cluster,
        "csi.storage.k8s.io/pvc/namespace": namespace,
        "csi.storage.k8s.io/pvc/name": namespace and "logs",
    }
    return Share("s", "pvc-2", "available", 20, {key: value for key, value in metadata.items() if value})


def judged(world: World, found: Share) -> list[bool]:
    world.shares = {found.id: found}
    return [sure for _, sure in shared_by({"panda-test", ID}, "panda", FakeOpenStack(world))]


@pytest.mark.parametrize("cluster", ["panda-test", ID])
def test_a_share_that_names_the_cluster_is_of_it(world: World, cluster: str) -> None:
    assert judged(world, share(cluster)) == [True]
    assert judged(world, share(cluster, "monitoring")) == [True]


@pytest.mark.parametrize("cluster", ["panda-other", OTHER_ID, "panda-test-2"])
def test_a_share_of_another_cluster_is_not_ours(world: World, cluster: str) -> None:
    assert judged(world, share(cluster, "panda")) == []


def test_a_share_of_a_cluster_that_is_gone_is_of_the_namespace(world: World) -> None:
    assert judged(world, share(GONE_ID, "panda")) == [True]
    assert judged(world, share(GONE_ID, "default")) == []


@pytest.mark.parametrize("cluster", [None, "kubernetes"])
def test_a_share_that_names_no_cluster_is_surely_ours_only_where_there_is_no_other(
    world: World, cluster: str | None
) -> None:
    assert judged(world, share(cluster, "panda")) == [False]
    assert judged(world, share(cluster, "default")) == []
    assert judged(world, share(cluster)) == []
    del world.clusters[OTHER_ID]
    assert judged(world, share(cluster, "panda")) == [True]


def test_of_a_share_is_reported_as_much_as_it_says() -> None:
    reported = "available, 20 GiB, of claim panda/logs, "
    assert state_of(share("panda-test", "panda")) == reported + "made by cluster panda-test"
    assert state_of(share(None, "panda")) == reported + "its metadata does not name the cluster"
