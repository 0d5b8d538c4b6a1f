"""A run that is refused leaves the stack's state as it was, with the real engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from testbed.workspace import Workspace

pytestmark = pytest.mark.e2e

_OUTPUTS = {"namespace": "panda", "charts": {"msgsvc": "1.0.0"}}
_STACK = "pulumi:pulumi:Stack"


@pytest.fixture
def stack(tmp_path: Path) -> Workspace:
    """A stack whose file is right, and whose cluster cannot be reached."""
    workspace = Workspace(tmp_path / "dev", "dev")
    workspace.create(
        {
            "panda-infra:experiment": "dev",
            "panda-infra:cluster": {"kind": "existing", "kubeconfig": "/nowhere"},
            "panda-infra:storage": {"class": "standard"},
            "panda-infra:components": {"msgsvc": {}},
        }
    )
    secrets = {"hashKey": 4 * "0123456789abcdef", "msgsvc": {"basePassword": "a-long-password"}}
    workspace.encrypt("panda-infra:secrets", secrets)
    return workspace


def test_a_first_run_makes_nothing_and_a_later_one_keeps_the_outputs(stack: Workspace) -> None:
    refused(stack)
    state: dict[str, Any] = json.loads(stack.exported_state())
    resources = state["deployment"].get("resources") or []
    assert [one["urn"] for one in resources if one["type"] == _STACK] == []
    urn = f"urn:pulumi:dev::panda-infra::{_STACK}::panda-infra-dev"
    resources.append({"urn": urn, "type": _STACK, "custom": False, "outputs": _OUTPUTS})
    state["deployment"]["resources"] = resources
    file = stack.folder / "state.json"
    file.write_text(json.dumps(state))
    assert stack.pulumi("stack", "import", "--file", str(file), "--stack", "dev").code == 0
    refused(stack)
    shown = stack.pulumi("stack", "output", "--json", "--stack", "dev")
    assert json.loads(shown.stdout) == _OUTPUTS


def refused(stack: Workspace) -> None:
    result = stack.up()
    assert result.code != 0
    assert "cluster.kubeconfig: no readable file at '/nowhere'" in result.text
    assert "nothing was changed" in result.text
    assert "created" not in result.text
    assert "Outputs:" not in result.text
