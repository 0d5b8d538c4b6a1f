"""The rules over a stack's configuration, a module for each topic; a product's own rules are in its package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.util import find_spec
from types import ModuleType

from panda_infra import products
from panda_infra.products.registry import COMPONENTS, PRODUCTS
from panda_infra.products.rule import Rule

__all__ = ["rules"]


def rules() -> tuple[Rule, ...]:
    """Every rule: of the book's modules, of those of each product that has any, and of each component."""
    of_products = [f"{products.__name__}.{name}.rules" for name in PRODUCTS]
    packages = [importlib.import_module(name) for name in (__name__, *filter(find_spec, of_products))]
    of_components = (each for spec in COMPONENTS.values() for each in spec.rules)
    return (*(each for package in packages for each in _rules_in(package)), *of_components)


def _rules_in(package: ModuleType) -> Iterator[Rule]:
    for name in sorted(found.name for found in pkgutil.iter_modules(package.__path__)):
        module = importlib.import_module(f"{package.__name__}.{name}")
        yield from (each for each in vars(module).values() if isinstance(each, Rule))
