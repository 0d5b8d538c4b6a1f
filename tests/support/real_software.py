"""Real software of packages, for tests that start it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from testbed.consumers import run
from tools.errors import ToolsError

__all__ = ["real_software"]


@contextmanager
def real_software() -> Iterator[None]:
    """Skip the test where programs of packages cannot be started, or a package is not to be had."""
    if reason := run.obstacle():
        pytest.skip(reason)
    try:
        yield
    except ToolsError as error:
        pytest.skip(f"a package is not to be had: {error}")
