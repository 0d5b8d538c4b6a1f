"""What works only in part in a stack of DPPS."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.errors import Problem
from panda_infra.rules.warnings import setting_warnings
from tests.support import ctao

_PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
_FTS = {"kind": "external", "url": "https://fts.site.org:8446", "trust": _PEM}
_ROBOT = {"rucio-daemons": {"settings": {"robot": "CN=Robot,O=CTAO"}}}
_STORAGE: dict[str, Any] = {"rucio-config": {"settings": {"rses": {"NORTH": {}}}}}
_OWN_FTS = {"rucio-config": {"settings": {"rses": {"NORTH": {"attributes": {"fts": "https://a.org:8446"}}}}}}


def reported(interfaces: dict[str, Any], components: dict[str, Any], **overrides: Any) -> list[Problem]:
    sections = {
        "experiment": "ctao-dpps",
        "interfaces": {"environment": "prod", **interfaces},
        "components": {"rucio-bootstrap": {}, "rucio": {}, **components},
    }
    return setting_warnings(ctao.stack(**sections | overrides), stack="desy-prod")


def keys(*given: dict[str, Any], **overrides: Any) -> list[str]:
    return [problem.where for problem in reported(given[0], given[1], **overrides)]


_DATABASE = {"rucioDatabase": {"kind": "external", "host": "pg.site.org"}}


def test_daemons_without_a_certificate_are_named() -> None:
    robot = "components.rucio-daemons.settings.robot"
    assert keys(_DATABASE, {"rucio-daemons": {}}) == [robot]
    assert keys(_DATABASE, {}) == []
    assert keys(_DATABASE, {"rucio-daemons": {"settings": {"transferTool": "mock"}}}) == []


@pytest.mark.parametrize(
    ("interfaces", "storage", "found"),
    [
        ({}, _STORAGE, ["interfaces.fts"]),
        ({"fts": _FTS}, _STORAGE, []),
        ({}, _OWN_FTS, []),
        ({}, {}, []),
    ],
)
def test_a_storage_to_which_nothing_is_copied_is_named(
    interfaces: dict[str, Any], storage: dict[str, Any], found: list[str]
) -> None:
    assert keys(_DATABASE | interfaces, _ROBOT | storage) == found


def test_daemons_that_know_no_authority_of_whom_they_call_are_named() -> None:
    fts = {"kind": "external", "url": "https://fts.site.org:8446"}
    storage = {"kind": "external", "hosts": ["dcache.site.org"]}
    outside = _DATABASE | {"fts": fts, "storage": storage}
    assert keys(outside, _ROBOT) == ["interfaces.fts.trust"]
    assert keys(outside | {"storage": storage | {"trust": _PEM}}, _ROBOT) == []


def test_fixtures_that_keep_what_is_protected_are_named() -> None:
    fixtures = {"rucioDatabase": {"kind": "fixture"}, "fts": {"kind": "fixture"}}
    protected = {"lifecycle": {"protect": True}}
    unpinned = "components"
    assert keys(fixtures, _ROBOT, **protected) == ["interfaces.rucioDatabase", "interfaces.fts", unpinned]
    assert keys(fixtures, _ROBOT) == []
    assert "fts: {kind: external" in reported(fixtures, _ROBOT, **protected)[1].fix


def test_a_stack_for_ci_has_nothing_to_say() -> None:
    assert setting_warnings(ctao.stack(), stack="ctao") == []
