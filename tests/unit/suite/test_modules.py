"""A module has one concept: none is a fragment, and none has several."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from statistics import median

from tools import REPOSITORY

_FEWEST, _MOST = 25, 400
_OWN = ("bench", "panda_infra", "policy", "testbed", "tools")
# Packages, programs, errors and products are where Python, its users and the registry look for them.
_NAMED_BY_PYTHON = ("__init__.py", "__main__.py", "errors.py", "product.py")
# What runs elsewhere is one file as short as its task, and a process of OpenStack loads one module by its name.
_LOADED_ALONE = (
    "files",
    "modules",
    "scripts",
    "testbed/openstack_bed/driver",
    "testbed/openstack_bed/services",
)


@cache
def _lines() -> Mapping[str, int]:
    """The length of each module of the program, its test bed, its tools and its measurements."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *_OWN],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()
    modules = (REPOSITORY / name for name in listed if name.endswith(".py"))
    return {
        module.relative_to(REPOSITORY).as_posix(): len(module.read_text().splitlines())
        for module in modules
        if module.is_file()
    }


def _is_alone(module: str) -> bool:
    folder = PurePath(module).parent
    return folder.as_posix() in _LOADED_ALONE or not set(_LOADED_ALONE).isdisjoint(folder.parts)


def test_no_module_is_too_long() -> None:
    assert {name: lines for name, lines in _lines().items() if lines > _MOST} == {}


def test_no_module_is_a_fragment() -> None:
    short = {name: lines for name, lines in _lines().items() if lines < _FEWEST}
    assert {
        name: lines
        for name, lines in short.items()
        if PurePath(name).name not in _NAMED_BY_PYTHON and not _is_alone(name)
    } == {}


def test_a_module_of_the_program_is_neither_short_nor_long() -> None:
    whole = [
        lines
        for name, lines in _lines().items()
        if name.startswith("panda_infra/") and PurePath(name).name != "__init__.py"
    ]
    assert 60 <= median(whole) <= 150
