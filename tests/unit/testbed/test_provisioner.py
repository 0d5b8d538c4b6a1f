from typing import Any

import pytest

from testbed.magnum import PROVISIONER
from testbed.provisioner import FINALIZER, awaits_volume, is_over, refusal, volume_for

TURN = {"volume.kubernetes.io/storage-provisioner": PROVISIONER}
SELECTED = {**TURN, "volume.kubernetes.io/selected-node": "node-0"}
IMMEDIATE = {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}
WAITING = {"reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}


def claim(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "n", "name": "c", "uid": "u-1", "annotations": annotations},
        "spec": {
            "storageClassName": "standard",
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "5Gi"}},
            **spec,
        },
    }


def volume(
    phase: str, *, policy: str = "Delete", deleted: bool = False, by: str = PROVISIONER
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "v", "annotations": {"pv.kubernetes.io/provisioned-by": by}}
    if deleted:
        metadata["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    return {
        "metadata": metadata,
        "spec": {"persistentVolumeReclaimPolicy": policy},
        "status": {"phase": phase},
    }


@pytest.mark.parametrize(
    ("tested", "expected"),
    [
        (claim(TURN), True),
        (claim(), False),
        (claim({"volume.kubernetes.io/storage-provisioner": "another"}), False),
        (claim(TURN, volumeName="pvc-1"), False),
    ],
)
def test_only_claims_whose_turn_it_is_get_a_volume(tested: dict[str, Any], *, expected: bool) -> None:
    assert awaits_volume(tested) is expected


def test_a_claim_being_deleted_gets_none() -> None:
    tested = claim(TURN)
    tested["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    assert not awaits_volume(tested)


def test_the_volume_is_for_that_claim_alone() -> None:
    made = volume_for(claim(TURN), IMMEDIATE)
    assert made["metadata"]["name"] == "pvc-u-1"
    assert made["metadata"]["finalizers"] == [FINALIZER]
    reference = made["spec"]["claimRef"]
    assert (reference["namespace"], reference["name"], reference["uid"]) == ("n", "c", "u-1")
    assert made["spec"]["capacity"] == {"storage": "5Gi"}
    assert made["spec"]["accessModes"] == ["ReadWriteMany"]


def test_selector_is_refused() -> None:
    reason = refusal(claim(TURN, selector={"matchLabels": {"a": "b"}}), IMMEDIATE)
    assert reason == "claim Selector is not supported"


def test_waiting_class_needs_a_selected_node() -> None:
    assert refusal(claim(TURN), IMMEDIATE) is None
    assert refusal(claim(TURN), WAITING) == "no node was selected for the first consumer"
    assert refusal(claim(SELECTED), WAITING) is None


@pytest.mark.parametrize(
    ("tested", "expected"),
    [
        (volume("Bound"), False),
        (volume("Released"), True),
        (volume("Released", policy="Retain"), False),
        (volume("Released", policy="Retain", deleted=True), True),
        (volume("Bound", deleted=True), False),
        (volume("Available", deleted=True), True),
        (volume("Released", by="another"), False),
    ],
)
def test_a_volume_is_over_when_released_or_deleted(tested: dict[str, Any], *, expected: bool) -> None:
    assert is_over(tested) is expected


def test_a_volume_of_real_nodes_is_a_folder_that_they_have() -> None:
    spec = volume_for(claim(), IMMEDIATE, "/disk")["spec"]
    assert spec["hostPath"] == {"path": "/disk/pvc-u-1", "type": "Directory"}
    assert "csi" not in spec
    assert "hostPath" not in volume_for(claim(), IMMEDIATE)["spec"]
