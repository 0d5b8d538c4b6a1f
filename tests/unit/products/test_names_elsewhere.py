"""Nothing outside a product's folder knows its components, experiments and Secrets by their names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import panda_infra
from panda_infra.products.registry import BUILDERS, COMPONENTS, EXPERIMENTS

_ROOT = Path(panda_infra.__file__).parent
_PARTS = {
    f"{spec.name}{between}{sub.name}"
    for spec in COMPONENTS.values()
    for sub in spec.sub_components
    for between in " ./"
}
_NAMES = {*COMPONENTS, *EXPERIMENTS, *BUILDERS, *_PARTS}
_MODULES = sorted(
    str(path.relative_to(_ROOT)) for path in _ROOT.rglob("*.py") if "products" not in path.parts
)
_EXAMPLE = "an example, or a default for names that only the stack itself has"
EXCUSED = {
    "cli/app.py": "the group of commands for developers is called like an experiment",
    "config/base.py": _EXAMPLE,
    "config/cluster.py": _EXAMPLE,
    "config/developer.py": _EXAMPLE,
    "config/network_policies.py": _EXAMPLE,
    "config/stack.py": _EXAMPLE,
}
"""Modules that may, each with the reason."""


def _texts(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((_ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("module", [module for module in _MODULES if module not in EXCUSED])
def test_no_module_names_what_a_product_has(module: str) -> None:
    found = sorted(_NAMES & set(_texts(module)))
    assert not found, (
        f"{found}: take it from the product's package; or name a component after no word of this module"
    )


def test_every_excuse_is_needed() -> None:
    assert [module for module in EXCUSED if _NAMES.isdisjoint(_texts(module))] == []
