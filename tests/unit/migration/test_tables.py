"""The tables name keys that exist on both sides."""

from __future__ import annotations

import pytest

from panda_infra.cli.keys import secret_key
from panda_infra.config.expected import place, root
from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.migration.checkout import VALUES_KEYS
from panda_infra.migration.tables import tables_of
from tests.support.panda import COMPONENTS

TABLES = tables_of("local")


@pytest.mark.parametrize("target", sorted({target for target, _ in TABLES.plain.values()}))
def test_every_plain_key_exists_in_a_stack(target: Path) -> None:
    *path, last = target
    parent = place(root(StackConfig), path, None)
    assert last in parent.keys


@pytest.mark.parametrize("target", sorted(set(TABLES.secrets.values())))
def test_every_secret_exists_in_a_stack(target: Path) -> None:
    assert secret_key(".".join(map(str, target)))


def test_no_key_has_two_meanings() -> None:
    tables = (TABLES.plain, TABLES.secrets, TABLES.settled, TABLES.fixed, TABLES.hosts, TABLES.of_experiment)
    keys = [key for table in tables for key in table]
    assert len(keys) == len(set(keys))
    assert TABLES.may_be_empty <= {*keys, *TABLES.together} | {
        "panda.existingTlsSecret",
        "bigmon.existingTlsSecret",
    }


def test_every_component_of_upstreams_has_its_part() -> None:
    assert {name for names in TABLES.parts.values() for name in names} == {
        name for name, spec in COMPONENTS.items() if spec.upstream
    }
    assert TABLES.parts["iam"] == ("iam", "iam-db")


def test_every_experiment_has_its_names_in_upstreams_charts() -> None:
    assert VALUES_KEYS["lsst-prod"] == ("lsst-prod", "lsst_prod")
