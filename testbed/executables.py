"""Finds the bed's executables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from testbed.errors import BedError
from tools import toolchain
from tools.errors import ToolsError


@cache
def locate() -> Mapping[str, Path]:
    """The control plane, kwok, helm and the registry; built first if neither PATH nor the cache has them.

    Raises:
        BedError: a build failed.
    """
    try:
        return toolchain.ensure(["control-plane", "kwok", "helm", "registry"]).executables
    except ToolsError as error:
        raise BedError(str(error)) from error
