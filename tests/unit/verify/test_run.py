"""Checks side by side, with a result for each and no secret in any."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from typing_extensions import override

from panda_infra.clients.kubernetes.inside import Ended
from panda_infra.products.verification import Check, Command
from panda_infra.verify.results import Outcome
from panda_infra.verify.run import verified
from tests.support.stacks import stack
from tests.support.verification import FakeInside, world

_CONFIG = stack(components={"msgsvc": {}, "panda": {"postgres": {"enabled": False}}})


def check(name: str, part: str = "panda/server", *, alone: bool = False) -> Check:
    return Check(f"panda.{name}", name, "PANDA-API", Command(part, (name,)), alone=alone)


def test_each_check_has_its_result_in_the_given_order() -> None:
    lines: list[str] = []
    checks = [
        check("last", alone=True),
        check("off", "panda/postgres"),
        check("first"),
        check("odd", "idds/rest"),
    ]
    found = verified(world(_CONFIG), checks, lines.append)
    assert [(each.check.title, each.outcome, each.absent) for each in found] == [
        ("last", Outcome.OK, False),
        ("off", Outcome.SKIPPED, True),
        ("first", Outcome.OK, False),
        ("odd", Outcome.SKIPPED, True),
    ]
    assert lines[-1] == "panda.last: ok"
    assert sorted(lines) == ["panda.first: ok", "panda.last: ok", "panda.odd: skipped", "panda.off: skipped"]


def test_no_result_holds_a_text_of_a_secret() -> None:
    found = world(_CONFIG, panda_envs={"PANDA_DB_PASSWORD": "canary-of-the-database"})
    assert isinstance(found.inside, FakeInside)
    found.inside.ended = Ended(1, "log-in with canary-of-the-database failed")
    (result,) = verified(found, [check("it")])
    assert (result.outcome, result.detail) == (Outcome.FAILED, "log-in with *** failed")


def test_names_of_hosts_and_services_are_no_secret() -> None:
    found = world(_CONFIG, panda_envs={"PANDA_IDDS_HOST": "panda-server", "PANDA_URL": "canary-address"})
    assert isinstance(found.inside, FakeInside)
    found.inside.ended = Ended(1, "panda-server does not know canary-address")
    (result,) = verified(found, [check("it")])
    assert result.detail == "panda-server does not know ***"


def test_checks_run_side_by_side_but_those_that_are_alone() -> None:
    met = threading.Barrier(2, timeout=20)

    @dataclass
    class Together(FakeInside):
        @override
        def run(
            self, pod: str, container: str, words: Sequence[str], *, stdin: str = "", seconds: float
        ) -> Ended:
            if words != ("alone",):
                met.wait()
            return super().run(pod, container, words, stdin=stdin, seconds=seconds)

    inside = Together()
    here = replace(world(_CONFIG), inside=inside)
    found = verified(here, [check("one"), check("alone", alone=True), check("two")])
    assert {each.outcome for each in found} == {Outcome.OK}
    assert [words for _, _, words, _ in inside.asked][-1] == ("alone",)
