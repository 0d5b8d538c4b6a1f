"""Names of developers' stacks are valid wherever they are used, and different for different developers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from panda_infra.config.base import DnsLabel, HostName
from panda_infra.config.stack import Affix
from panda_infra.developers.names import name_of
from panda_infra.errors import PandaInfraError
from panda_infra.products.names import Names
from tests.support.panda import COMPONENTS

_NAMES = st.from_regex(r"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\Z").filter(lambda name: len(name) <= 20)
_HOST = "pandaserver-doma.cern.ch"


@given(_NAMES)
def test_every_name_fits_everywhere(name: str) -> None:
    who = name_of(name)
    for form, text in (
        (DnsLabel, who.stack),
        (Affix, who.affix),
        (HostName, who.host("{name}-{host}", _HOST)),
    ):
        assert TypeAdapter(form).validate_python(text) == text
    names = Names(who.affix)
    for spec in COMPONENTS.values():
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,51}[a-z0-9])?", names.release(spec.name))
        for sub in spec.sub_components:
            # The charts' names stay what they are without the affix.
            assert (sub.name in names.release(spec.name)) == (sub.name in Names().release(spec.name))
            assert len(names.workload(spec.name, sub.name)) <= 52


@given(_NAMES, _NAMES)
def test_two_developers_share_no_name(one: str, other: str) -> None:
    if one == other:
        return
    a, b = name_of(one), name_of(other)
    assert a.stack != b.stack
    assert a.affix != b.affix
    assert a.host("{name}.{host}", _HOST) != b.host("{name}.{host}", _HOST)


@given(st.text(max_size=30).filter(lambda text: not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", text)))
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(PandaInfraError, match="cannot be a developer's name"):
        name_of(text)


@pytest.mark.parametrize("text", ["a-", "a--b", "-a", "1a", "a-name-of-21-letters-"])
def test_dashes_and_digits_stand_inside(text: str) -> None:
    with pytest.raises(PandaInfraError, match="cannot be a developer's name"):
        name_of(text)


@pytest.mark.parametrize("name", ["server", "rest", "forrest", "main", "postgres"])
def test_a_name_that_holds_that_of_a_sub_chart_gets_another_affix(name: str) -> None:
    who = name_of(name)
    assert who.stack == f"dev-{name}"
    assert re.fullmatch(r"-0[0-9a-f]{8}", who.affix)


def test_a_host_that_is_too_long_is_refused() -> None:
    with pytest.raises(PandaInfraError, match="longer than DNS allows"):
        name_of("alice").host("{name}-{host}", f"{'x' * 60}.cern.ch")
