"""Images that need newer tables than the database has are refused; what cannot be known is a note."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.inside import Ended
from panda_infra.live.commands import Commands
from panda_infra.live.pods import Pods
from panda_infra.live.schemas import look
from panda_infra.plan.make import make_plan
from panda_infra.products.verification import NOTHING_TO_ASK
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.support.verification import FakeInside, running

_OUTSIDE = {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}}


def commands(
    answer: Ended | KubernetesError, panda: Mapping[str, Any] = MappingProxyType({}), *, real: bool = True
) -> Commands:
    plan, api = make_plan("demo", stack(hosts={}, components={"msgsvc": {}, "panda": dict(panda)})), FakeApi()
    running(plan, api, real=real)
    return Commands(Pods(api, plan), FakeInside(ended=answer), lambda _suffix, _key: "")


def seen(
    answer: Ended | KubernetesError, panda: Mapping[str, Any] = MappingProxyType({}), *, real: bool = True
) -> tuple[list[str], list[str]]:
    report = look(commands(answer, panda, real=real))
    return [str(problem) for problem in report.problems], list(report.notes)


def test_tables_that_fit_are_no_matter() -> None:
    for there in ("0.1.1", "0.1.6", "0.10.0", "1.0.0"):
        assert seen(Ended(0, f"{there}\n")) == ([], [])


def test_older_tables_are_a_problem() -> None:
    (problem,), notes = seen(Ended(0, "0.0.32\n"))
    assert notes == []
    assert problem.startswith(
        "components.panda.server.image: ghcr.io/pandawms/panda-server:1.0.0 needs tables of version 0.1.1 or later, "
        "and the database has 0.0.32\n"
    )
    assert "schema/postgres/sqls/patches" in problem


def test_the_part_that_needs_the_most_is_named() -> None:
    images = {"server": {"image": {"tag": "0.6.6"}}, "jedi": {"image": {"tag": "0.8.0"}}}
    (problem,), _ = seen(Ended(0, "0.0.30"), images)
    assert problem.startswith("components.panda.jedi.image")
    older = {part: {"image": {"tag": "0.6.13"}} for part in ("server", "jedi")}
    assert seen(Ended(0, "0.0.30"), older) == ([], [])


def test_a_stack_may_state_what_it_needs() -> None:
    stated = {"settings": {"databaseSchema": "0.1.6"}, "server": {"image": {"tag": "main"}}}
    (problem,), _ = seen(Ended(0, "0.1.5"), stated)
    assert problem.startswith("components.panda.settings.databaseSchema: ")
    assert ":main, ghcr.io/pandawms/panda-server:1.0.0 needs tables of version 0.1.6" in problem


def test_a_release_that_is_not_known_may_need_more() -> None:
    newer = {part: {"image": {"tag": "1.9.0"}} for part in ("server", "jedi")}
    problems, (note,) = seen(Ended(0, "0.1.1"), newer)
    assert problems == []
    assert note.startswith("the program knows which tables images need until 1.0.4: ")
    assert seen(Ended(0, "0.1.0"), newer)[0]


@pytest.mark.parametrize(
    ("panda", "image"),
    [
        ({"server": {"image": {"tag": "main"}}}, "ghcr.io/pandawms/panda-server:main"),
        ({"chart": {"version": "0.2.0"}}, "the image that the chart brings"),
    ],
)
def test_an_image_without_a_release_is_a_note(panda: dict[str, Any], image: str) -> None:
    problems, (note,) = seen(Ended(0, "0.0.1"), panda)
    assert problems == []
    assert note.startswith(f"which tables {image} needs is not known")
    assert note.endswith("components.panda.settings.databaseSchema states it")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (KubernetesError("no route"), "no route"),
        (Ended(2, "psql: password of canary"), "panda/postgres gives no version of them"),
        (Ended(0, "\n"), "panda/postgres gives no version of them"),
        (Ended(0, "0.1.5; DROP"), "panda/postgres gives no version of them"),
    ],
)
def test_a_database_that_cannot_be_asked_blocks_nothing(answer: Ended | KubernetesError, why: str) -> None:
    problems, (note,) = seen(answer)
    assert problems == []
    assert note == (
        f"which tables the database has is not known ({why}): "
        "ghcr.io/pandawms/panda-server:1.0.0 needs 0.1.1 or later"
    )


def test_a_new_or_simulated_stack_is_not_blocked() -> None:
    problems, (note,) = seen(Ended(0, "0.0.1"), real=False)
    assert (problems, "panda/postgres is simulated" in note) == ([], True)
    plan = make_plan("demo", stack())
    report = look(Commands(Pods(FakeApi(), plan), FakeInside(), lambda _suffix, _key: ""))
    assert not report.problems
    assert "is not known" in report.notes[0]


def test_a_database_elsewhere_is_asked_by_a_pod_that_uses_it() -> None:
    found = commands(Ended(0, "0.0.28"), _OUTSIDE)
    (problem,) = look(found).problems
    assert "the database has 0.0.28" in str(problem)
    assert isinstance(found.inside, FakeInside)
    ((pod, _, words, stdin),) = found.inside.asked
    assert pod == "panda-server-0"
    assert words[0] == "/opt/panda/bin/python"
    question = json.loads(stdin)
    assert (question["host"], question["name"], question["schema"]) == (
        "db.site.org",
        "panda_db",
        "DOMA_PANDA",
    )
    _, (note,) = seen(Ended(NOTHING_TO_ASK, "the pods still use another database"), _OUTSIDE)
    assert "(the pods still use another database)" in note
