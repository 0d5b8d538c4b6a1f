"""What has expired is refused, and what will soon is reported, of all that a stack's Secrets are made of."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panda_infra.errors import Problem
from panda_infra.rules.judge import judge_given
from panda_infra.rules.warnings import warnings
from panda_infra.secrets.lifetimes import lifetime
from tests.support.credentials import grid_proxy, token
from tests.unit.secrets.stacks import MINIMAL, config

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def proxy(left: timedelta, life: timedelta = timedelta(days=7)) -> str:
    return grid_proxy(NOW + left - life, NOW + left)


def problems(secrets: dict[str, Any], **sections: Any) -> tuple[list[Problem], list[Problem]]:
    stack = config(MINIMAL, secrets=secrets, **sections)
    keys = ("secrets.files", "secrets.auth")
    found = (judge_given(stack, stack="doma", now=NOW), warnings(stack, stack="doma", now=NOW))
    wrong, soon = ([each for each in one if each.where.startswith(keys)] for one in found)
    return wrong, soon


def test_an_expired_proxy_is_one_problem_with_its_key_its_end_and_what_to_do() -> None:
    ((problem,), soon) = problems({"files": {"panda": {"rucio.proxy": proxy(-24 * HOUR)}}})
    assert soon == []
    assert problem.where == 'secrets.files.panda["rucio.proxy"]'
    assert problem.what == "expired on 2029-12-31 00:00 UTC, 24 hours ago"
    command = "python -m panda_infra secrets set doma 'files.panda[\"rucio.proxy\"]' --file FILE"
    assert problem.fix == f"Renew it, then run `{command}`."


def test_a_proxy_of_hours_is_reported_and_deployed() -> None:
    (wrong, (problem,)) = problems({"files": {"panda": {"rucio.proxy": proxy(11 * HOUR, 12 * HOUR)}}})
    assert wrong == []
    assert problem.what == "expires in 11 hours, on 2030-01-01 11:00 UTC"


@pytest.mark.parametrize(
    "secrets",
    [
        {"files": {"panda": {"rucio.proxy": proxy(timedelta(days=6))}}},
        {"files": {"panda": {"rucio.proxy": "no proxy at all"}}},
        {"files": {"panda": {"rucio.proxy": "base64:%%%"}}},
        {"auth": {"idToken": "long.lived.token"}},
        {"auth": {"idToken": token(NOW + timedelta(days=31))}},
    ],
)
def test_what_lasts_or_says_nothing_is_not_reported(secrets: dict[str, Any]) -> None:
    wrong, soon = problems(secrets)
    assert soon == []
    assert not any("expire" in problem.what for problem in wrong)


def test_a_token_is_reported_as_well() -> None:
    ((problem,), _) = problems({"auth": {"idToken": token(NOW - HOUR)}})
    assert problem.where == "secrets.auth.idToken"
    assert problem.what == "expired on 2029-12-31 23:00 UTC, 60 minutes ago"
    assert "--file" not in problem.fix
    (_, (soon,)) = problems({"auth": {"idToken": token(NOW + timedelta(days=29))}})
    assert soon.what.startswith("expires in 29 days")


def test_what_nothing_reads_stops_nobody() -> None:
    """A stack without Harvester keeps its files for the day when it comes back."""
    kept = {"files": {"harvesterAuth": {"robot.token": token(NOW - HOUR)}}}
    assert len(problems(kept)[0]) == 1
    components = {name: each for name, each in MINIMAL["components"].items() if name != "harvester"}
    stack = config({**MINIMAL, "components": components}, secrets=kept)
    assert not any("expired" in each.what for each in judge_given(stack, stack="doma", now=NOW))


def test_a_file_that_is_no_text_lasts_as_long_as_its_content() -> None:
    text = proxy(HOUR)
    assert lifetime(f"base64:{b64encode(text.encode()).decode()}") == lifetime(text)
    assert lifetime(text) is not None
    assert lifetime("base64:%%%") is None
