"""End-to-end tests that share a bed have namespaces and folders of their own, and packages have names of their own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tools import REPOSITORY

# What names a workspace, or the namespace of a stack, in a test.
_NAMES = re.compile(r'(?m)(?:^_NAMESPACE = |"panda-infra:namespace": |"stacks" / )"([a-z0-9-]+)"')


def test_no_two_files_of_end_to_end_tests_have_a_name_in_common() -> None:
    users: dict[str, set[str]] = defaultdict(set)
    for file in sorted((REPOSITORY / "tests" / "e2e").glob("test_*.py")):
        for name in _NAMES.findall(file.read_text()):
            users[name].add(file.name)
    assert users
    assert {name: sorted(files) for name, files in users.items() if len(files) > 1} == {}


def _packages() -> Iterator[Path]:
    for part in ("bench", "panda_infra", "policy", "testbed", "tests/support", "tools"):
        yield from (file.parent for file in sorted((REPOSITORY / part).rglob("__init__.py")))


def test_no_two_packages_have_one_name() -> None:
    """Parts that each product has are named alike."""
    users: dict[str, list[str]] = defaultdict(list)
    for package in _packages():
        where = package.relative_to(REPOSITORY).as_posix()
        if not where.startswith("panda_infra/products/"):
            users[package.name].append(where)
    assert {"panda_infra", "testbed"} <= users.keys()
    assert {name: found for name, found in users.items() if len(found) > 1} == {}


def test_no_two_modules_of_a_package_differ_in_number_alone() -> None:
    """Nobody guesses which of `field` and `fields` has what is looked for."""
    for package in _packages():
        modules = {file.stem for file in package.iterdir() if file.suffix == ".py" or file.is_dir()}
        assert [name for name in sorted(modules) if f"{name}s" in modules] == [], package
