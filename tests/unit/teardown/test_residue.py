"""What is left is found by names, in Kubernetes and in OpenStack, and nothing of others is taken for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.clients.openstack.api import BlockVolume, ClusterInfo, Server, Share
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.ownership import MARK
from panda_infra.stacks.access import Access, with_cloud
from panda_infra.teardown.residue import residue
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.unit.provider.fakes import FakeOpenStack, World

RBAC = "/apis/rbac.authorization.k8s.io/v1"
NAMESPACE = "/api/v1/namespaces/panda"
WE = "panda-infra/test/0123456789abcdef"
OURS = {"metadata": {"name": "panda", "annotations": {MARK: WE}}}
MAGNUM = {
    "kind": "magnum",
    "name": "panda-test",
    "template": "kubernetes-1.33.4-1",
    "keypair": "lxplus",
    "flavor": "m2.large",
    "masterFlavor": "m2.medium",
}


def plan(**overrides: Any) -> Plan:
    return make_plan("test", stack(**overrides))


def magnum(**changes: Any) -> Plan:
    return plan(cluster=MAGNUM | changes, hosts={"panda": "pandaserver-test.cern.ch"})


def left(judged: Plan, access: Access) -> list[str]:
    return [str(leftover) for leftover in residue(judged, access)]


def helm_object(name: str, namespace: str) -> dict[str, Any]:
    release = {"meta.helm.sh/release-namespace": namespace, "meta.helm.sh/release-name": "panda"}
    return {"metadata": {"name": name, "annotations": release}}


def volume(name: str, namespace: str | None, phase: str = "Released") -> dict[str, Any]:
    claim = {"claimRef": {"namespace": namespace, "name": "data"}} if namespace else {}
    return {
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": "cinder"}},
        "spec": {"persistentVolumeReclaimPolicy": "Delete", **claim},
        "status": {"phase": phase},
    }


def cinder_volume(name: str, cluster: str) -> BlockVolume:
    return BlockVolume(name, f"pvc-{name}", "available", 8, {"cinder.csi.openstack.org/cluster": cluster})


@pytest.fixture
def api() -> FakeApi:
    """A cluster that others use as well."""
    api = FakeApi()
    api.add("/api/v1/persistentvolumes", volume("pvc-other", "default", "Bound"), volume("spare", None))
    api.add(f"{RBAC}/clusterroles", helm_object("other", "default"), {"metadata": {"name": "admin"}})
    api.add("/api/v1/nodes", {"metadata": {"name": "node-1", "labels": {"zone": "a"}}})
    return api


def test_nothing_of_others_is_left_of_us(api: FakeApi) -> None:
    assert left(plan(), Access(api)) == []


def test_every_kind_of_leftover_in_kubernetes_is_named(api: FakeApi) -> None:
    condition = {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "example.com/held"}
    api.objects[NAMESPACE] = OURS | {"status": {"phase": "Terminating", "conditions": [condition]}}
    api.add("/api/v1/persistentvolumes", volume("pvc-1", "panda"))
    api.add(f"{RBAC}/clusterroles", helm_object("panda-recovery", "panda"))
    api.add(f"{RBAC}/clusterrolebindings", helm_object("panda-recovery", "panda"))
    assert left(plan(), Access(api)) == [
        "ClusterRole panda-recovery",
        "ClusterRoleBinding panda-recovery",
        "Namespace panda: Terminating; example.com/held",
        "PersistentVolume pvc-1: Released, of claim panda/data, reclaim policy Delete, provisioned by cinder",
    ]


def test_the_static_volume_of_a_share_is_known_by_its_name(api: FakeApi) -> None:
    api.add("/api/v1/persistentvolumes", volume("panda-panda-shared-logs", None))
    shared = {"class": "standard", "sharedLogs": {"size": "20Gi"}}
    assert len(left(plan(storage=shared), Access(api))) == 1


@pytest.fixture
def world() -> World:
    """The servers of another cluster, whose name starts alike."""
    world = World()
    world.clusters["other"] = ClusterInfo("other", "panda-test-2", "CREATE_COMPLETE")
    world.servers["s0"] = Server("s0", "panda-test-2-abcdefghij12-node-0", "ACTIVE")
    world.block_volumes["v0"] = cinder_volume("v0", "panda-test-2")
    return world


def test_nothing_of_other_clusters_is_left_of_us(world: World) -> None:
    assert left(magnum(), Access(None, FakeOpenStack(world))) == []


def test_every_kind_of_leftover_in_openstack_is_named(world: World) -> None:
    world.clusters["c"] = ClusterInfo("c", "panda-test", "DELETE_FAILED")
    aliases = {"landb-alias": "pandaserver-test--load-1-,somebody--load-1-"}
    world.servers["s1"] = Server("s1", "panda-test-abcdefghij12-node-0", "ACTIVE", aliases)
    world.block_volumes["v1"] = cinder_volume("v1", "panda-test")
    world.shares["h1"] = Share("h1", "pvc-h1", "error", 8, {"manila.csi.openstack.org/cluster": "c"})
    world.keypairs["lxplus"] = "ssh-ed25519 AAAA panda panda-infra/owner=panda-infra/test/0123456789abcdef"
    assert left(magnum(publicKey="ssh-ed25519 AAAA panda"), Access(None, FakeOpenStack(world))) == [
        "LanDB aliases pandaserver-test: on server panda-test-abcdefghij12-node-0",
        "cluster panda-test (c): DELETE_FAILED",
        "keypair lxplus",
        "server panda-test-abcdefghij12-node-0 (s1): ACTIVE",
        "share pvc-h1 (h1): error, 8 GiB, made by cluster c",
        "volume pvc-v1 (v1): available, 8 GiB, made by cluster panda-test",
    ]


def test_a_keypair_that_existed_before_stays(world: World) -> None:
    assert left(magnum(), Access(None, FakeOpenStack(world))) == []


def test_changes_to_what_others_made_are_named_while_the_cluster_stands(api: FakeApi, world: World) -> None:
    world.clusters["c"] = ClusterInfo("c", "panda-test", "CREATE_COMPLETE")
    api.add("/api/v1/nodes", {"metadata": {"name": "node-2", "labels": {"role": "ingress"}}})
    name = "cern-magnum-ingress-nginx-controller"
    api.objects[f"/api/v1/namespaces/kube-system/configmaps/{name}"] = {
        "data": {"hide-headers": "Server", "allow-snippet-annotations": "true"}
    }
    access = Access(api, FakeOpenStack(world))
    assert left(magnum(), access) == [
        f"ConfigMap key allow-snippet-annotations: in kube-system/{name}",
        "cluster panda-test (c): CREATE_COMPLETE",
        "node label role=ingress: on node node-2",
    ]
    world.clusters = {"c": replace(world.clusters["c"], name="another")}
    assert left(magnum(), access) == [], "a cluster that is gone is not asked"


def test_what_may_not_be_looked_at_is_neither_left_nor_gone(api: FakeApi) -> None:
    for path in ("/api/v1/persistentvolumes", f"{RBAC}/clusterroles"):
        api.failures[path] = KubernetesNotAllowedError(f"GET {path}: answers 403", status=403)
    found = residue(plan(), Access(api))
    assert [(left.kind, left.ours, left.seen) for left in found] == [
        ("ClusterRoles", False, False),
        ("PersistentVolumes", False, False),
    ]
    api.failures["/api/v1/persistentvolumes"] = KubernetesNotAllowedError("401", status=401)
    with pytest.raises(KubernetesNotAllowedError):
        residue(plan(), Access(api))


def not_ours(judged: Plan, access: Access) -> list[str]:
    found = residue(judged, access)
    assert [leftover for leftover in found if leftover.ours] == []
    return [str(leftover) for leftover in found]


def test_a_cluster_that_stays_is_not_ours(api: FakeApi, world: World) -> None:
    world.clusters["c"] = ClusterInfo("c", "panda-test", "CREATE_COMPLETE")
    theirs = {"landb-alias": "pandaserver-test--load-1-"}
    world.servers["s1"] = Server("s1", "panda-test-abcdefghij12-node-0", "ACTIVE", theirs)
    world.block_volumes["v1"] = cinder_volume("v1", "panda-test")
    api.add("/api/v1/nodes", {"metadata": {"name": "node-2", "labels": {"role": "ingress"}}})
    judged, access = magnum(adopt=True, publicKey="ssh-ed25519 AAAA panda"), Access(api, FakeOpenStack(world))
    assert not_ours(judged, access) == [
        "LanDB aliases pandaserver-test: on server panda-test-abcdefghij12-node-0",
        "cluster panda-test (c): CREATE_COMPLETE",
        "keypair lxplus: without this stack's mark",
        "node label role=ingress: on node node-2",
    ]


def test_what_the_stack_gave_to_a_cluster_that_stays_is_ours(api: FakeApi, world: World) -> None:
    world.clusters["c"] = ClusterInfo("c", "panda-test", "CREATE_COMPLETE")
    mine = {"landb-alias": "pandaserver-test--load-1-", "panda-infra-owner": WE}
    world.servers["s1"] = Server("s1", "panda-test-abcdefghij12-node-0", "ACTIVE", mine)
    world.block_volumes["v1"] = replace(
        cinder_volume("v1", "panda-test"),
        metadata={
            "cinder.csi.openstack.org/cluster": "panda-test",
            "csi.storage.k8s.io/pvc/namespace": "panda",
        },
    )
    node = {"name": "n", "labels": {"role": "ingress"}, "annotations": {"panda-infra/labels-of": WE}}
    api.add("/api/v1/nodes", {"metadata": node})
    found = residue(magnum(adopt=True), Access(api, FakeOpenStack(world)))
    assert [leftover.kind for leftover in found if leftover.ours] == ["LanDB aliases", "node label", "volume"]


def test_a_cluster_that_was_taken_over_and_shall_go_is_ours(world: World) -> None:
    world.clusters["c"] = ClusterInfo("c", "panda-test", "DELETE_FAILED")
    found = residue(magnum(adopt=True, deleteAdopted=True), Access(None, FakeOpenStack(world)))
    assert [(leftover.kind, leftover.ours) for leftover in found] == [("cluster", True)]


def developer(**cluster: Any) -> Plan:
    """A developer's stack on the cluster of another stack."""
    lent = {"kind": "stack", "stack": "doma", **cluster}
    return plan(cluster=lent, hosts={"panda": "alice-pandaserver-doma.cern.ch"})


def test_aliases_of_a_lost_developers_stack_are_named_and_its_parents_are_not(world: World) -> None:
    theirs = "pandaserver-doma--load-1-"
    aliases = {"landb-alias": f"{theirs},alice-pandaserver-doma--load-1-", "panda-infra-owner": "doma's"}
    world.servers["s1"] = Server("s1", "panda-doma-abcdefghij12-node-0", "ACTIVE", aliases)
    world.servers["s2"] = Server("s2", "panda-doma-abcdefghij12-node-1", "ACTIVE", {"landb-alias": theirs})
    openstack = FakeOpenStack(world)
    (found,) = residue(developer(aliasDomain="cern.ch"), Access(None, openstack))
    assert found.ours
    assert str(found) == "LanDB aliases alice-pandaserver-doma: on server panda-doma-abcdefghij12-node-0"


def test_a_developers_stack_without_aliases_asks_nothing_of_the_cloud(api: FakeApi, world: World) -> None:
    openstack = FakeOpenStack(world)
    assert left(developer(), Access(api, openstack)) == []
    assert not world.calls
    access = Access(api)
    assert with_cloud(developer().config.cluster, access) is access


def test_the_cloud_is_asked_only_for_a_lent_cluster_with_aliases(
    api: FakeApi, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    openstack = FakeOpenStack(world)
    monkeypatch.setattr(
        "panda_infra.clients.openstack.sdk.SdkOpenStack", lambda name: {"cern": openstack}[name]
    )
    cluster = developer(aliasDomain="cern.ch", cloud="cern").config.cluster
    assert with_cloud(cluster, Access(api)) == Access(api, openstack)
    assert with_cloud(magnum().config.cluster, Access(api)) == Access(api)
