"""Finds the bed's executables and roots; makes first what neither PATH nor the cache has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from testbed.errors import BedError
from tools import roots, toolchain
from tools.errors import ToolsError
from tools.images import Image

__all__ = ["built", "locate", "unpacked"]


def built(*parts: str) -> Mapping[str, Path]:
    """The executables of these parts, by their names.

    Raises:
        BedError: a build failed.
    """
    try:
        return toolchain.ensure(parts).executables
    except ToolsError as error:
        raise BedError(str(error)) from error


def unpacked(image: Image) -> Path:
    """The root of an image.

    Raises:
        BedError: a package is not available.
    """
    try:
        return roots.ensure(image, toolchain.to_stderr)
    except ToolsError as error:
        raise BedError(str(error)) from error


@cache
def locate() -> Mapping[str, Path]:
    """What every bed needs, as `built` gives it: the control plane, kwok, helm and the registry."""
    return built("control-plane", "kwok", "helm", "registry")
