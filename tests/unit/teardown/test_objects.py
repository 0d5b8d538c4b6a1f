"""What is left of a stack in its cluster, and what there is of others."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.make import make_plan
from panda_infra.plan.ownership import MARK
from panda_infra.teardown.objects import in_cluster
from tests.support.kubernetes import MARKED, FakeApi, made, record
from tests.support.stacks import stack

NAMESPACE = "/api/v1/namespaces/panda"
SECRETS, CLAIMS = f"{NAMESPACE}/secrets", f"{NAMESPACE}/persistentvolumeclaims"
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
VOLUMES = "/api/v1/persistentvolumes"
ADOPT = {"name": "panda", "adopt": True}
BROKER_CLAIM = {"app.kubernetes.io/instance": "panda-msgsvc"}


def found(api: FakeApi, **sections: Any) -> tuple[set[str], set[str]]:
    """What is left of the stack, and what is there of others, by kind and name."""
    leftovers = list(in_cluster(make_plan("test", stack(components={"msgsvc": {}}, **sections)), api))
    ours = {f"{one.kind} {one.name}" for one in leftovers if one.ours}
    return ours, {f"{one.kind} {one.name}" for one in leftovers if not one.ours}


def volume(name: str, claim: str, **notes: str) -> dict[str, Any]:
    spec = {"claimRef": {"namespace": "panda", "name": claim}, "persistentVolumeReclaimPolicy": "Retain"}
    return {**made(name, namespace="", notes=notes), "spec": spec}


def cluster(**notes: str) -> FakeApi:
    """A namespace, by its marks, with a claim and its volume in it, and a cluster-wide role of somebody's release."""
    api = FakeApi({NAMESPACE: made("panda", namespace="", notes=notes)})
    api.add(CLAIMS, made("alice-data"))
    api.add(VOLUMES, volume("pv-alice", "alice-data"))
    api.add(ROLES, made("alice", namespace="", release="alice"))
    return api


def test_all_of_its_own_namespace_is_left_of_a_stack() -> None:
    assert found(cluster(**MARKED)) == ({"Namespace panda", "PersistentVolume pv-alice"}, set())


def test_the_namespace_of_a_stack_from_before_marks_is_its_own() -> None:
    api = cluster()
    api.objects[NAMESPACE]["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "panda-infra"}
    assert found(api)[0] == {"Namespace panda", "PersistentVolume pv-alice"}


def test_nothing_is_left_in_a_namespace_of_others() -> None:
    for theirs in ({}, {MARK: "panda-infra/doma/fedcba9876543210"}):
        api = cluster(**theirs)
        api.add(SECRETS, record("panda-msgsvc"), made("panda-secrets-msgsvc-envs"))
        api.add(ROLES, made("panda-role", namespace="", release="panda-msgsvc"))
        assert found(api) == (set(), {"Namespace panda"})


def test_what_a_stack_made_in_an_adopted_namespace_is_left_and_the_rest_is_not_its() -> None:
    api = cluster()
    api.add(SECRETS, record("alice"), made("alice-db"), made("panda-secrets-msgsvc-envs", notes=MARKED))
    api.add(CLAIMS, made("panda-msgsvc-activemq", release="panda-msgsvc", labels=BROKER_CLAIM))
    api.add(
        VOLUMES, volume("pv-broker", "panda-msgsvc-activemq"), volume("pv-gone", "panda-msgsvc-activemq-logs")
    )
    assert found(api, namespace=ADOPT) == (
        {
            "Secret panda-secrets-msgsvc-envs",
            "PersistentVolumeClaim panda-msgsvc-activemq",
            "PersistentVolume pv-broker",
            "PersistentVolume pv-gone",
        },
        {"Namespace panda", "Helm release alice", "Secret alice-db", "PersistentVolumeClaim alice-data"},
    )


def test_claims_of_pods_are_named_whatever_the_stack_file_still_has() -> None:
    """A StatefulSet's claims have the label of their release and no mark, and nothing else removes them here."""
    api = cluster()
    api.add(
        CLAIMS,
        made("panda-msgsvc-data-0", labels=BROKER_CLAIM),
        made("panda-idds-rest-logs-0", labels={"app.kubernetes.io/instance": "panda-idds"}),
        made("theirs", labels={"app.kubernetes.io/instance": "alice"}),
    )
    ours, others = found(api, namespace=ADOPT)
    # After a plain `pulumi destroy`, which knows releases only.
    assert ours == {"PersistentVolumeClaim panda-msgsvc-data-0"}
    assert {"PersistentVolumeClaim panda-idds-rest-logs-0", "PersistentVolumeClaim theirs"} <= others
    plan = make_plan("test", stack(components={"msgsvc": {}}, namespace=ADOPT))
    states = {one.name: one.state for one in in_cluster(plan, api)}
    assert states["panda-idds-rest-logs-0"].startswith("of a release panda-idds that is gone")
    assert states["theirs"].startswith("made by hand")


def test_a_release_of_the_stacks_name_is_its_own_if_its_lease_says_so() -> None:
    api = cluster()
    api.add(SECRETS, record("panda-msgsvc"))
    assert "Helm release panda-msgsvc" in found(api, namespace=ADOPT)[1]
    lease = "/apis/coordination.k8s.io/v1/namespaces/panda/leases/panda-infra-test"
    api.objects[lease] = made("panda-infra-test", notes={"panda-infra/releases": "panda-msgsvc"})
    assert {"Helm release panda-msgsvc", "Lease panda-infra-test"} <= found(api, namespace=ADOPT)[0]


def test_a_volume_with_a_mark_is_of_the_stack_that_wrote_it() -> None:
    api = FakeApi()
    api.add(
        VOLUMES, volume("ours", "x", **MARKED), volume("theirs", "x", **{MARK: "panda-infra/doma/fedcba98"})
    )
    assert found(api)[0] == {"PersistentVolume ours"}


def test_argo_cd_is_left_until_nobody_uses_it() -> None:
    api = cluster(**MARKED)
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    api.add(definitions, made("appprojects.argoproj.io", namespace="", notes=MARKED))
    api.add("/api/v1/namespaces", made("argocd", namespace="", notes=MARKED))
    own = {"argocd": {"version": "2.13.6"}}
    left = {"CustomResourceDefinition appprojects.argoproj.io", "Namespace argocd"}
    assert left <= found(api, **own)[0]
    api.add("/apis/argoproj.io/v1alpha1/appprojects", made("theirs", namespace="argocd"))
    api.add("/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects", made("theirs", namespace="argocd"))
    ours, others = found(api, **own)
    assert left <= others
    assert not left & ours
