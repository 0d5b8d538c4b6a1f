"""What the program uses of Pulumi's SDK beside its public names is in a decision record, and nothing else is."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator

from tools import REPOSITORY

_RECORD = REPOSITORY / "docs" / "decisions" / "0024-unexported-parts-of-the-sdk.md"
_SDK = ("pulumi", "pulumi_kubernetes", "pulumi_openstack", "pulumi_policy")


def _imported() -> Iterator[tuple[str, str]]:
    """Each name that a module of the program imports from the SDK: the module that has it, and the name."""
    for part in ("panda_infra", "policy"):
        for file in (REPOSITORY / part).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in _SDK:
                    yield from ((str(node.module), each.name) for each in node.names)


def test_parts_that_the_sdk_does_not_export_are_recorded() -> None:
    imported = set(_imported())
    assert ("pulumi.runtime", "get_config_env") in imported
    unexported = {
        f"{module}.{name}"
        for module, name in imported
        if name not in getattr(importlib.import_module(module), "__all__", ())
    }
    table = [line for line in _RECORD.read_text().splitlines() if line.startswith("| `")]
    recorded = {name for line in table for name in re.findall(r"`(pulumi[\w.]+)`", line.split(" | ")[0])}
    assert unexported == recorded
