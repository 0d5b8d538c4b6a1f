"""The objects of node recovery, and the program in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from panda_infra.node_recovery.lease import LEASE
from panda_infra.plan.footprint import names_inside, outside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import ClusterObject
from panda_infra.plan.node_recovery import NAME, node_recovery_objects
from tests.support.stacks import stack

NOVA = {"confirm": "nova", "authUrl": "https://keystone.cern.ch/v3", "region": "cern"}
HASH_KEY = {"hashKey": "x"}


def objects(settings: dict[str, Any], **sections: Any) -> dict[str, ClusterObject]:
    plan = make_plan("local", stack(nodeRecovery=settings, secrets=HASH_KEY, **sections))
    return {each.name: each for each in node_recovery_objects(plan)}


def pod(found: dict[str, ClusterObject]) -> dict[str, Any]:
    spec: dict[str, Any] = found["controller"].fields["spec"]["template"]["spec"]
    return spec


def test_there_is_nothing_unless_the_stack_says_so() -> None:
    plain = make_plan("local", stack(secrets=HASH_KEY))
    assert node_recovery_objects(plain) == ()
    assert objects({"confirm": "none", "runs": "outside"}) == {}
    assert NAME not in names_inside(plain)
    assert [each for each in outside(plain) if each.key == "nodeRecovery"] == []


def test_its_names_are_known_to_who_looks_for_others() -> None:
    plan = make_plan("local", stack(nodeRecovery=NOVA, secrets=HASH_KEY))
    assert NAME in names_inside(plan)
    kinds = {each.kind for each in outside(plan) if each.name == NAME}
    assert kinds == {"ClusterRole", "ClusterRoleBinding"}
    assert LEASE == NAME


@pytest.mark.parametrize("settings", [NOVA, {"confirm": "none"}])
def test_its_pods_are_restricted(settings: dict[str, Any]) -> None:
    """What the Pod Security Standard `restricted` asks for."""
    spec = pod(objects(settings))
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "@sha256:" in container["image"]
    assert {each["key"]: each["tolerationSeconds"] for each in spec["tolerations"]} == {
        "node.kubernetes.io/not-ready": 30,
        "node.kubernetes.io/unreachable": 30,
    }


def test_openshift_chooses_its_user() -> None:
    cluster = {"kind": "existing", "kubeconfig": "kubeconfig", "noRoot": True}
    assert "runAsUser" not in pod(objects({"confirm": "none"}, cluster=cluster))["securityContext"]


def test_it_may_do_nothing_more_than_it_does() -> None:
    found = objects(NOVA)
    assert found["may-nodes"].fields["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "patch"]}
    ]
    assert found["may-heartbeats"].fields["metadata"]["namespace"] == "kube-node-lease"
    assert {kind for each in found.values() if (kind := each.kind).startswith("ClusterRole")} == {
        "ClusterRole",
        "ClusterRoleBinding",
    }
    verbs = {
        verb for each in found.values() for rule in each.fields.get("rules", ()) for verb in rule["verbs"]
    }
    assert not verbs & {"*", "delete", "deletecollection", "watch"}


def test_the_credential_is_mounted_only_where_nova_is_asked() -> None:
    assert [each["name"] for each in pod(objects(NOVA))["volumes"]] == ["program", "nova"]
    assert [each["name"] for each in pod(objects({"confirm": "none"}))["volumes"]] == ["program"]


def test_the_program_runs_by_a_python_without_packages(tmp_path: Path) -> None:
    """The files as the kubelet lays them out; it ends at the first variable that is missing."""
    found = objects(NOVA)
    data = found["program"].fields["data"]
    (program, _) = pod(found)["volumes"]
    for item in program["configMap"]["items"]:
        file = tmp_path / item["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data[item["key"]])
    assert {item["key"] for item in program["configMap"]["items"]} == set(data)
    (container,) = pod(found)["containers"]
    run = [sys.executable, "-S", *container["command"][1:]]
    done = subprocess.run(
        run, env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "KeyError: 'KUBERNETES_SERVICE_HOST'" in done.stderr, done.stderr


def test_another_program_needs_new_pods() -> None:
    annotations = objects(NOVA)["controller"].fields["spec"]["template"]["metadata"]["annotations"]
    assert len(annotations["panda-infra/program"]) == 16
