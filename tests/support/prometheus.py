"""Prometheus and its companions of Debian, for tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import images, roots, toolchain
from tools.errors import ToolsError

__all__ = ["program", "promtool"]


def program(name: str) -> Path:
    """A program of the image with Prometheus, made if it is missing; the test is skipped where it is not to be had."""
    try:
        return roots.ensure(images.PROMETHEUS, toolchain.to_stderr) / "usr" / "bin" / name
    except ToolsError as error:
        pytest.skip(f"a package is not to be had: {error}")


def promtool() -> Path:
    """The program that checks and tests rules."""
    return program("promtool")
