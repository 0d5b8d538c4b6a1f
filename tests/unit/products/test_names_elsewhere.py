"""Nothing outside a product's folder knows its components, experiments and Secrets by their names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import panda_infra
from panda_infra.products.registry import BUILDERS, COMPONENTS, EXPERIMENTS

_ROOT = Path(panda_infra.__file__).parent
_NAMES = {*COMPONENTS, *EXPERIMENTS, *BUILDERS}
_MODULES = sorted(
    str(path.relative_to(_ROOT)) for path in _ROOT.rglob("*.py") if "products" not in path.parts
)
_EXAMPLE = "an example, or a default for names that only the stack itself has"
_IMPORT = "reads what only PanDA has: a checkout of panda-k8s, or an installation that was made of one"
EXCUSED = {
    "adoption/checkout.py": _IMPORT,
    "adoption/reading.py": _IMPORT,
    "cli/app.py": "the group of commands for developers is called like an experiment",
    "cli/plan_changes.py": "the stack of the test bed, which is called like its experiment",
    "config/base.py": _EXAMPLE,
    "config/cluster.py": _EXAMPLE,
    "config/developer.py": _EXAMPLE,
    "config/stack.py": _EXAMPLE,
    "migration/charts.py": _IMPORT,
    "migration/checkout.py": _IMPORT,
    "migration/derived.py": _IMPORT,
    "migration/differences.py": _IMPORT,
    "migration/files.py": _IMPORT,
    "migration/lists.py": _IMPORT,
    "migration/migrate.py": _IMPORT,
    "migration/placement.py": _IMPORT,
    "migration/replicas.py": _IMPORT,
    "migration/settings.py": _IMPORT,
    "migration/tables.py": _IMPORT,
}
"""Modules that may, each with the reason."""


def _texts(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((_ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("module", [module for module in _MODULES if module not in EXCUSED])
def test_no_module_names_what_a_product_has(module: str) -> None:
    assert _NAMES.isdisjoint(_texts(module)), sorted(_NAMES & set(_texts(module)))


def test_every_excuse_is_needed() -> None:
    assert [module for module in EXCUSED if _NAMES.isdisjoint(_texts(module))] == []
