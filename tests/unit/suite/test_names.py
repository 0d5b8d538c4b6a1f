"""End-to-end tests that share a bed have namespaces and folders of their own."""

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
