"""Which data a release owns, and which changes of a protected stack would lose some."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from panda_infra.config.delivery import ComponentName
from panda_infra.errors import Problem
from panda_infra.plan.data import Deployed, keeps_claims, owned_data
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.products.registry import COMPONENTS
from panda_infra.rules.data_loss import lost_data, moved
from tests.support.stacks import KNOWN, known

PROTECTED = {"protect": True}
UNPROTECTED = {"protect": False}
WITHOUT_IDDS = {"deleteDataOf": ["idds"]}
WITH_DATA = {"msgsvc", "iam-db", "panda", "harvester", "idds"}


def plan(**overrides: Any) -> Plan:
    return make_plan("demo", known(**overrides))


def components(**overrides: Any) -> dict[str, Any]:
    changed = {**{name: {} for name in KNOWN}, **overrides}
    return {name: value for name, value in changed.items() if value is not None}


def values(**overrides: Any) -> dict[str, Any]:
    return {release.component: release.values for release in plan(**overrides).releases}


def lost(*, before: dict[str, Any] = PROTECTED, **overrides: Any) -> list[Problem]:
    """The problems of going from one lifecycle to a stack with these sections."""
    made = plan(lifecycle=before)
    deployed = {
        release.component: Deployed(release.name, release.values, keeps_claims(made, release))
        for release in made.releases
    }
    return list(lost_data(deployed, plan(**overrides)))


def test_the_stack_file_knows_every_component() -> None:
    assert set(typing.get_args(ComponentName)) == set(COMPONENTS)


def test_databases_queues_and_working_folders_are_data_and_logs_are_not() -> None:
    owned = {name: owned_data(name, values) for name, values in values().items()}
    assert owned == {
        "msgsvc": ("activemq.data",),
        "iam": (),
        "iam-db": ("mariadb.data",),
        "panda": ("postgres.data",),
        "harvester": ("harvester.wdirs", "mariadb.data"),
        "idds": ("rest.requests", "postgres.data"),
        "bigmon": (),
        "ui": (),
        "mcp": (),
    }


def test_an_adopted_claim_is_not_owned() -> None:
    logs = {"storage": {"class": "standard", "sharedLogs": {"size": "20Gi"}}}
    assert "rest.requests" not in owned_data("idds", values(**logs)["idds"])


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
def test_claims_stay_unless_the_stack_file_names_them_beforehand(changed: dict[str, Any], claim: str) -> None:
    assert lost(components=changed) == []
    assert lost(components=changed, before=WITHOUT_IDDS, lifecycle=WITHOUT_IDDS) == []
    assert lost(components=changed, before=UNPROTECTED, lifecycle=UNPROTECTED) == []
    (gone,) = lost(components=changed, before=UNPROTECTED)
    (stays,) = lost(components=changed, lifecycle=WITHOUT_IDDS)
    for problem, what in ((gone, "its data would be deleted"), (stays, "would stay")):
        assert problem.where == "components.idds"
        assert claim in problem.what
        assert what in problem.what
        assert "run `pulumi up`" in problem.fix


def test_a_release_with_data_keeps_its_name() -> None:
    found = {problem.where: problem for problem in lost(affix="-new")}
    assert found.keys() == {f"components.{name}" for name in WITH_DATA}
    assert "would be panda-new-idds with empty claims" in found["components.idds"].what
    assert "components.idds" not in {problem.where for problem in lost(affix="-new", lifecycle=WITHOUT_IDDS)}


def test_a_component_without_data_may_go() -> None:
    assert lost(components=components(ui=None)) == []


def test_what_somebody_else_deployed_is_none_of_our_business() -> None:
    assert list(lost_data({"argo-cd": Deployed("argo-cd", {}, keeps_claims=False)}, plan())) == []


def test_claims_with_data_outlive_their_release_in_a_protected_stack() -> None:
    def keeping(**lifecycle: Any) -> set[str]:
        made = plan(lifecycle=lifecycle)
        return {release.component for release in made.releases if keeps_claims(made, release)}

    assert keeping() == WITH_DATA
    assert keeping(**WITHOUT_IDDS) == WITH_DATA - {"idds"}
    assert keeping(**UNPROTECTED) == set()


@pytest.mark.parametrize(
    ("was_protected", "is_protected", "refused"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_a_protected_stack_leaves_its_namespace_only_in_two_steps(
    *, was_protected: bool, is_protected: bool, refused: bool
) -> None:
    after = plan(namespace="other", lifecycle={"protect": is_protected})
    problems = list(moved({"panda"}, after, protected=was_protected))
    assert bool(problems) is refused
    for problem in problems:
        assert problem.where == "namespace"
        assert "would be other, but this stack's data are in panda" in problem.what
        assert "write `lifecycle: {protect: false}`, run `pulumi up`" in problem.fix


def test_a_stack_that_stays_or_is_new_moves_nowhere() -> None:
    assert list(moved({"panda"}, plan(), protected=True)) == []
    assert list(moved((), plan(namespace="other"), protected=True)) == []
