"""Upstream's three schemes of names, each with as few values as possible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.adoption.naming import names_of
from tests.support.panda import COMPONENTS

_BY_THE_SCRIPT = ("msgsvc", "iam", "panda", "harvester", "idds", "bigmon")


@pytest.mark.parametrize("affix", ["-dev", "-prod-2"])
def test_the_script_puts_an_affix_behind_each_component(affix: str) -> None:
    names = names_of({name: f"{name}{affix}" for name in _BY_THE_SCRIPT})
    assert names.affix == affix
    assert set(names.releases) == {"msgsvc", "harvester", "idds", "bigmon"}


def test_or_before_it() -> None:
    names = names_of({name: f"test-{name}" for name in _BY_THE_SCRIPT})
    assert (names.affix, names.releases["idds"]) == ("test-", "test-idds")
    assert names.workload("idds", "rest") == "test-idds-rest"


def test_the_applications_are_named_as_a_stack_names_them() -> None:
    releases = {"panda": "panda"} | {name: f"panda-{name}" for name in ("harvester", "idds", "msgsvc", "ui")}
    names = names_of(releases)
    assert (names.affix, dict(names.releases)) == ("", {})


_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z]", fullmatch=True)


@given(st.dictionaries(st.sampled_from(sorted(COMPONENTS)), _NAMES))
def test_whatever_runs_keeps_its_name(releases: dict[str, str]) -> None:
    names = names_of(releases)
    assert {name: names.release(name) for name in releases} == releases
