"""End-to-end tests that share a bed have namespaces and folders of their own, and packages have names of their own."""

from __future__ import annotations

import re
from collections import defaultdict

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


def test_no_two_packages_have_one_name() -> None:
    """Parts that each product has are named alike, and what a test bed starts is named after it."""
    packages = {file.parent for file in (REPOSITORY / "panda_infra").rglob("__init__.py")}
    users: dict[str, list[str]] = defaultdict(list)
    for package in packages:
        where = package.relative_to(REPOSITORY).as_posix()
        if not where.startswith("panda_infra/products/"):
            users[package.name].append(where)
    assert {name: sorted(found) for name, found in users.items() if len(found) > 1} == {}
