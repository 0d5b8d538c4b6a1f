"""What whoever deploys a plan must be allowed to do."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.rights import needed
from tests.support.stacks import stack


def rights(**sections: Any) -> dict[str, tuple[str, ...]]:
    return {str(resource): keys for resource, keys in needed(make_plan("demo", stack(**sections))).items()}


_NAMED = ("template", "keypair", "flavor", "masterFlavor")
SMALL: dict[str, Any] = {"components": {"msgsvc": {}, "panda": {}}, "hosts": {}, "secrets": {"hashKey": "x"}}


def test_charts_need_their_workloads_and_helms_records() -> None:
    found = rights(**SMALL)
    assert found["secrets"] == ("secrets", "components.msgsvc", "components.panda")
    assert found["statefulsets.apps"] == ("components.panda",)
    assert found["deployments.apps"] == ("components.msgsvc", "components.panda")
    assert found["services"] == ("components.msgsvc", "components.panda")


def test_a_part_that_is_switched_off_needs_nothing() -> None:
    off = {"msgsvc": {}, "panda": {"postgres": {"enabled": False}, "jedi": {"enabled": False}}}
    assert rights(**{**SMALL, "components": off}).keys() <= rights(**SMALL).keys()


@pytest.mark.parametrize(
    ("section", "resource"),
    [
        ({"networkPolicies": {"kind": "standard"}}, "networkpolicies.networking.k8s.io"),
        ({"nodeRecovery": {"confirm": "none"}}, "roles.rbac.authorization.k8s.io"),
        ({"backup": {"to": {"kind": "claim", "size": "1Gi", "class": "standard"}}}, "cronjobs.batch"),
    ],
)
def test_sections_need_what_they_make(section: dict[str, Any], resource: str) -> None:
    assert resource not in rights(**SMALL)
    assert rights(**SMALL, **section)[resource] == tuple(section)


def test_the_program_itself_has_every_right_in_a_cluster_that_it_makes() -> None:
    assert rights(**SMALL, cluster={"kind": "magnum", "name": "doma", **dict.fromkeys(_NAMED, "x")}) == {}
