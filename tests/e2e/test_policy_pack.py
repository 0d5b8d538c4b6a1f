"""The policy pack with the real engine: the program passes, one with slips is refused in its preview."""

from __future__ import annotations

import json

import pytest

from testbed import stacks
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support.documented import documented
from tools import REPOSITORY

pytestmark = pytest.mark.e2e

_POLICY = str(REPOSITORY / "policy")
# Somebody forgets that claims outlive their releases, and puts an object where it does not belong.
_SLIPS = """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap

from panda_infra import deployment
from panda_infra.program import plan_of_this_stack

deployment.keeps_claims = lambda *_: False
deployment.deploy(plan_of_this_stack())
other = pulumi.ResourceOptions(provider=Provider("other", render_yaml_to_directory="rendered"))
ConfigMap("stray", metadata={"name": "stray", "namespace": "default"}, opts=other)
"""


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
    told = documented(
        "pulumi preview --policy-pack policy --stack dev", {"policy --": f"{_POLICY} --", "dev": "local"}
    )
    result = stack.pulumi(*told.arguments)
    assert result.code == 0, result.text
    assert "panda-infra" in result.text.partition("Policies:")[2]


def test_a_program_with_slips_is_refused(stack: Workspace) -> None:
    main = stack.folder / "__main__.py"
    main.unlink()
    main.write_text(_SLIPS)
    told = documented(
        "pulumi up --policy-pack policy --stack dev", {"policy --": f"{_POLICY} --", "dev": "local"}
    )
    result = stack.pulumi(*told.arguments, "--yes")
    assert result.code != 0
    assert json.loads(stack.exported_state())["deployment"].get("resources", []) == []
    said = " ".join(result.text.partition("Policies:")[2].split())
    assert "msgsvc: deletes activemq.data of a protected stack when it goes" in said
    assert "stray: belongs into namespace policed, not default" in said
    assert "panda-shared-logs:" not in said
