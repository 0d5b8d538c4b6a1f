"""The record of a stack in the engine's state."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.data import KEEPER, Deployed
from panda_infra.plan.protection import APPLICATION, KEEP
from panda_infra.plan.standby import Role
from panda_infra.state.recorded import recorded

URN = "urn:pulumi:dev::panda-infra::{}::{}"
_RELEASE = "panda-infra:delivery:Component$kubernetes:helm.sh/v3:Release"
_PROTECTED = {"panda-infra/protected": "true"}


def namespace(name: str, **metadata: object) -> tuple[str, dict[str, object]]:
    return URN.format("kubernetes:core/v1:Namespace", "namespace"), {"metadata": {"name": name, **metadata}}


def test_releases_and_objects_are_known_by_their_names() -> None:
    found = recorded(
        [
            (URN.format("pulumi:pulumi:Stack", "panda-infra-dev"), {}),
            namespace("panda", uid="1"),
            (
                URN.format("panda-infra:delivery:StackSecrets$kubernetes:core/v1:Secret", "envs"),
                {"metadata": {"name": "panda-secrets-envs", "namespace": "panda", "uid": "2"}},
            ),
            (
                URN.format(_RELEASE, "panda"),
                {"name": "panda-dev", "namespace": "panda", "values": {"a": 1}, "postrender": KEEPER},
            ),
            (URN.format(_RELEASE, "ui"), {"name": "panda-ui", "namespace": "panda"}),
        ]
    )
    assert found.releases == {
        "panda": Deployed("panda-dev", {"a": 1}, True, "panda"),
        "ui": Deployed("panda-ui", {}, False, "panda"),
    }
    assert found.objects == {("Namespace", "", "panda"): "1", ("Secret", "panda", "panda-secrets-envs"): "2"}
    assert found.has_release("panda", "panda-dev")
    assert not found.has_release("other", "panda-dev")
    assert found.made_namespace("panda")
    assert not found.made_namespace("other")
    assert found.namespaces == {"panda"}


def test_what_argo_cd_delivers_is_known_like_a_release() -> None:
    application: dict[str, Any] = {
        "metadata": {"name": "panda", "namespace": "argocd", "annotations": {KEEP: "true"}},
        "spec": {
            "source": {
                "chart": "panda",
                "targetRevision": "0.1.1",
                "helm": {"releaseName": "panda-dev", "valuesObject": {"a": 1}},
            },
            "destination": {"namespace": "panda"},
        },
    }
    both: list[tuple[str, dict[str, Any]]] = [
        (URN.format(_RELEASE, "panda"), {"name": "panda-dev", "namespace": "panda"}),
        (URN.format(f"panda-infra:delivery:Component${APPLICATION}", "panda"), application),
    ]
    expected = {"panda": Deployed("panda-dev", {"a": 1}, True, "panda", "0.1.1", argocd=True)}
    for resources in (both, both[1:], both[::-1]):
        assert recorded(resources).releases == expected


def test_a_stack_in_a_namespace_of_others_is_somewhere_too() -> None:
    found = recorded([(URN.format(_RELEASE, "ui"), {"name": "panda-ui", "namespace": "theirs"})])
    assert found.namespaces == {"theirs"}
    assert not found.made_namespace("theirs")


def test_the_way_into_a_cluster_of_magnum_is_known_and_never_shown() -> None:
    found = recorded([(URN.format("panda-magnum:index:ClusterAccess", "access"), {"kubeconfig": "the-key"})])
    assert found.kubeconfig == "the-key"
    assert "the-key" not in repr(found)


def test_protection_is_known_of_this_version_and_of_those_before() -> None:
    marks = {"namespace": "panda", "protected": True, "deleteDataOf": []}
    assert recorded([(URN.format("panda-infra:delivery:Protection", "protection"), marks)]).protected
    assert recorded([namespace("panda", annotations=_PROTECTED)]).protected
    assert not recorded([namespace("panda")]).protected
    assert not recorded([]).protected


def test_a_magnum_cluster_is_known_by_its_id_and_a_keypair_by_its_key() -> None:
    component = "panda-infra:cluster:Magnum$"
    found = recorded(
        [
            (URN.format(f"{component}panda-magnum:index:Cluster", "cluster"), {"clusterId": "uuid-1"}),
            (
                URN.format(f"{component}openstack:compute/keypair:Keypair", "keypair"),
                {"publicKey": "ssh-rsa A"},
            ),
        ]
    )
    assert (found.clusters, found.public_key) == (frozenset({"uuid-1"}), "ssh-rsa A")
    assert (recorded([]).clusters, recorded([]).public_key) == (frozenset(), None)


def test_argo_cds_namespace_is_not_one_of_components() -> None:
    urn = URN.format("panda-infra:delivery:ArgoCd$kubernetes:core/v1:Namespace", "argocd")
    found = recorded([namespace("panda"), (urn, {"metadata": {"name": "argocd"}})])
    assert found.namespaces == {"panda"}
    assert found.made_namespace("argocd")


def test_the_role_of_a_stack_in_its_pair_is_known() -> None:
    config_map = URN.format("kubernetes:core/v1:ConfigMap", "standby")
    data = {"role": "standby", "other": "doma", "term": "3"}
    written = {"metadata": {"name": "panda-infra-standby", "namespace": "panda"}, "data": data}
    assert recorded([(config_map, written)]).role == Role(False, 3, "doma")
    assert recorded([namespace("panda")]).role is None
