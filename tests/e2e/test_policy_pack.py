"""The policy pack with the real engine: the program passes, one with slips is refused in its preview."""

from __future__ import annotations

import pytest

from testbed import stacks
from testbed.bed import Bed
from testbed.workspace import Workspace
from tools import REPOSITORY

pytestmark = pytest.mark.e2e

_PACK = ("--policy-pack", str(REPOSITORY / "policy"))
# Somebody forgets to protect releases, and puts an object where it does not belong.
_SLIPS = """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap

from panda_infra import deployment
from panda_infra.program import plan_of_this_stack

deployment.is_protected = lambda *_: False
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
    result = stack.preview(*_PACK)
    assert result.code == 0, result.text
    assert "panda-infra" in result.text.partition("Policies:")[2]


def test_a_program_with_slips_is_refused(stack: Workspace) -> None:
    main = stack.folder / "__main__.py"
    main.unlink()
    main.write_text(_SLIPS)
    result = stack.preview(*_PACK)
    assert result.code != 0
    told = " ".join(result.text.partition("Policies:")[2].split())
    assert "msgsvc: owns activemq.data in a protected stack without Pulumi's protect" in told
    assert "stray: belongs into namespace policed, not default" in told
    assert "panda-shared-logs:" not in told
