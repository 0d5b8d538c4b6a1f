"""Which data a release owns, and which changes of a protected stack would lose some."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from panda_infra.catalog.components import COMPONENTS
from panda_infra.config.delivery import ComponentName
from panda_infra.errors import Problem
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.policy.data import is_protected, lost_data, owned_data
from tests.support.stacks import sections, stack


def plan(**overrides: Any) -> Plan:
    return make_plan("demo", stack(**overrides))


def components(**overrides: Any) -> dict[str, Any]:
    changed = {**sections()["components"], **overrides}
    return {name: value for name, value in changed.items() if value is not None}


def deployed(**overrides: Any) -> dict[str, Any]:
    return {release.component: release.values for release in plan(**overrides).releases}


def lost(**overrides: Any) -> list[Problem]:
    return list(lost_data(deployed(), plan(**overrides)))


def test_the_stack_file_knows_every_component() -> None:
    assert set(typing.get_args(ComponentName)) == set(COMPONENTS)


def test_databases_queues_and_working_folders_are_data_and_logs_are_not() -> None:
    owned = {name: owned_data(name, values) for name, values in deployed().items()}
    assert owned == {
        "msgsvc": ("activemq.data",),
        "iam": (),
        "iam-db": ("mariadb.data",),
        "panda": ("postgres.data",),
        "harvester": ("harvester.wdirs", "mariadb.data"),
        "idds": ("rest.requests", "postgres.data"),
        "bigmon": (),
        "ui": (),
    }


def test_an_adopted_claim_is_not_owned() -> None:
    logs = {"storage": {"class": "standard", "sharedLogs": {"size": "20Gi"}}}
    assert "rest.requests" not in owned_data("idds", deployed(**logs)["idds"])


def test_no_change_loses_nothing() -> None:
    assert lost() == []
    assert lost(components=components(bigmon={"main": {"replicas": 2}})) == []


@pytest.mark.parametrize(
    ("changed", "claim"),
    [
        (components(idds=None), "postgres.data"),
        (
            components(
                idds={"postgres": {"enabled": False}, "settings": {"database": {"host": "db.cern.ch"}}}
            ),
            "postgres.data",
        ),
    ],
    ids=["component removed", "database switched off"],
)
def test_what_would_lose_data_is_refused_unless_it_is_named(changed: dict[str, Any], claim: str) -> None:
    (problem,) = lost(components=changed)
    assert problem.where == "components.idds"
    assert claim in problem.what
    assert "deleteDataOf: [idds]" in problem.fix
    assert lost(components=changed, lifecycle={"deleteDataOf": ["idds"]}) == []
    assert lost(components=changed, lifecycle={"protect": False}) == []


def test_a_component_without_data_may_go() -> None:
    assert lost(components=components(ui=None)) == []


def test_what_somebody_else_deployed_is_none_of_our_business() -> None:
    assert list(lost_data({"argo-cd": {}}, plan())) == []


def test_releases_with_data_are_protected_from_the_engine() -> None:
    def protected(**lifecycle: Any) -> set[str]:
        made = plan(lifecycle=lifecycle)
        return {release.component for release in made.releases if is_protected(made, release)}

    assert protected() == {"msgsvc", "iam-db", "panda", "harvester", "idds"}
    assert protected(deleteDataOf=["idds"]) == {"msgsvc", "iam-db", "panda", "harvester"}
    assert protected(protect=False) == set()
