"""DIRAC itself, as PyPI has it, runs with what the stack of DPPS makes (testbed/consumers)."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.secrets.generate import stand_ins
from testbed.consumers.dirac import GROUP
from testbed.consumers.registry import DIRAC
from testbed.consumers.sandbox import Check
from tests.e2e.test_ctao_consumers import of_another_authority
from tests.support import asked, ctao
from tests.support.real_software import tried

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_REGISTRY: dict[str, Any] = {
    "DefaultGroup": GROUP,
    "Users": {"robot": {"DN": "/C=DE/O=CTAO/CN=DPPS robot"}},
    "Groups": {GROUP: {"Users": ["robot"], "Properties": ["NormalUser"], "VO": "ctao"}},
}


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """What was tried on DIRAC."""
    more = {
        "dirac": {"settings": {"configuration": {"Registry": _REGISTRY}}},
        "rucio-daemons": {"settings": {"transferTool": "mock", "robot": "CN=DPPS robot,O=CTAO,C=DE"}},
    }
    config = ctao.stack(certificates={"kind": "generated"}, components=ctao.COMPONENTS | more)
    config = config.model_copy(update={"secrets": stand_ins(config)})
    unknown = config.model_copy(update={"secrets": of_another_authority(config)})
    return tried("ctao", config, DIRAC, unknown=unknown)


def test_dirac_runs_with_what_the_program_makes(checks: list[Check]) -> None:
    assert checks
    assert [f"{each.what}: {each.detail}" for each in checks if not each.passed] == []
    assert asked.names(checks) == asked.ASKED["dirac"]
