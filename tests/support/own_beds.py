"""Beds for one file alone, because what it brings to the cluster is seen by everybody there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from testbed import charts, instances
from testbed.bed import Bed
from tools.errors import ToolsError
from tools.toolchain import ensure

__all__ = ["own_bed"]


@contextmanager
def own_bed(prefix: str, *parts: str) -> Iterator[Bed]:
    """A fresh bed with the fixture charts; the test is skipped if a part of the tools is not to be had."""
    try:
        ensure(parts)
    except ToolsError as error:
        pytest.skip(f"the operator is not to be had: {error}")
    with instances.running(f"{prefix}-{secrets.token_hex(4)}", charts=charts.chosen(None)) as made:
        yield made
