"""The policy pack with the real engine: the program passes, one with slips is refused in its preview."""

from __future__ import annotations

import json

import pytest

from panda_infra.rules.pack import POLICIES
from testbed import stacks
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support.documented import documented
from tools import REPOSITORY

pytestmark = pytest.mark.e2e

_POLICY = str(REPOSITORY / "policy")
# One slip for each rule: somebody forgets that claims outlive their releases, pins no chart and no image, writes a
# password into the chart values, makes a volume that goes with its claim, and puts objects where they do not belong.
_SLIPS = """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap, PersistentVolume
from pulumi_kubernetes.helm.v3 import Release

from panda_infra.delivery import resources as deployment
from panda_infra.program import plan_of_this_stack


def careless(resource):
    if (resource.type_, resource.name) != ("kubernetes:helm.sh/v3:Release", "msgsvc"):
        return None
    inputs = {key: value for key, value in resource.props.items() if key != "postrender"}
    broker = {"image": {"tag": "latest"}, "adminPassword": "of-the-broker"}
    values = {**inputs["values"], "activemq": {**inputs["values"]["activemq"], **broker}}
    return pulumi.ResourceTransformationResult({**inputs, "values": values}, resource.opts)


pulumi.runtime.register_stack_transformation(careless)
deployment.deploy(*plan_of_this_stack())
other = pulumi.ResourceOptions(provider=Provider("other", render_yaml_to_directory="rendered"))
PersistentVolume("fleeting", spec={"persistentVolumeReclaimPolicy": "Delete"}, opts=other)
ConfigMap("stray", metadata={"name": "stray", "namespace": "default"}, opts=other)
homeless = ConfigMap("homeless", metadata={"name": "homeless", "namespace": "policed"})
# Where every input is known, as here it is not, the provider itself looks for the newest version and fills it in.
Release("newest", chart="oci://registry.example/newest", namespace="policed", values={"of": homeless.id}, opts=other)
"""
_OTHER_PROVIDERS = {"pulumi:disable-default-providers": [], "kubernetes:renderYamlToDirectory": "rendered"}
_VIOLATIONS = {
    "data-is-protected": "msgsvc: deletes activemq.data of a protected stack when it goes",
    "volumes-are-retained": "fleeting: its data goes with its claim (reclaim policy Delete)",
    "images-are-pinned": "msgsvc: activemq.image.tag is `latest`",
    "charts-are-pinned": "newest: oci://registry.example/newest is named without a version",
    "no-secret-in-values": "msgsvc: activemq.adminPassword looks like a secret",
    "inside-the-namespace": "stray: belongs into namespace policed, not default",
    "own-provider": "homeless: would go to whatever cluster the operator's own kubeconfig names",
}


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Workspace:
    sections = {
        "panda-infra:namespace": "policed",
        "panda-infra:components": {"msgsvc": {}},
        "panda-infra:hosts": {},
        "panda-infra:lifecycle": {"protect": True},
    }
    return stacks.local(bed, bed.state / "stacks" / "policed", sections)


def test_the_program_satisfies_the_pack(stack: Workspace) -> None:
    reported = documented(
        "pulumi preview --policy-pack policy --stack dev", {"policy --": f"{_POLICY} --", "dev": "local"}
    )
    result = stack.pulumi(*reported.arguments)
    assert result.code == 0, result.text
    assert "panda-infra" in result.text.partition("Policies:")[2]


def test_a_slip_against_any_rule_is_refused(stack: Workspace) -> None:
    stack.configure(_OTHER_PROVIDERS)
    main = stack.folder / "__main__.py"
    main.unlink()
    main.write_text(_SLIPS)
    reported = documented(
        "pulumi up --policy-pack policy --stack dev", {"policy --": f"{_POLICY} --", "dev": "local"}
    )
    result = stack.pulumi(*reported.arguments, "--yes")
    assert result.code != 0
    assert json.loads(stack.exported_state())["deployment"].get("resources", []) == []
    said = " ".join(result.text.partition("Policies:")[2].split())
    assert _VIOLATIONS.keys() == {rule.name for rule in POLICIES}
    for rule, violation in _VIOLATIONS.items():
        assert f"{rule} " in said
        assert violation in said
    assert "of-the-broker" not in said
    assert "panda-shared-logs:" not in said
