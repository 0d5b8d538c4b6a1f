"""The tables name keys that exist on both sides."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from panda_infra.cli.keys import secret_key
from panda_infra.config.fields import place, root
from panda_infra.config.stack import StackConfig
from panda_infra.migration.tables import PLAIN, SECRET, SETTLED, USUAL


@pytest.mark.parametrize("target", sorted({target for target, _ in PLAIN.values()}))
def test_every_plain_key_exists_in_a_stack(target: str) -> None:
    *path, last = target.split(".")
    parent = place(root(StackConfig), path, None)
    assert last in parent.keys


@pytest.mark.parametrize("target", sorted(set(SECRET.values())))
def test_every_secret_exists_in_a_stack(target: str) -> None:
    assert secret_key(target)


def test_no_key_has_two_meanings() -> None:
    tables: list[Any] = [PLAIN, SECRET, SETTLED, USUAL]
    keys = [key for table in tables for key in table]
    assert len(keys) == len(set(keys))
    assert issubclass(StackConfig, BaseModel)
