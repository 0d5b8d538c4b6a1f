"""The rules over a stack's configuration, a module for each topic; a product's own rules are in its package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from panda_infra import products
from panda_infra.products.product import Product
from panda_infra.products.registry import components_of
from panda_infra.products.rule import Rule

__all__ = ["rules"]


def rules(product: Product) -> tuple[Rule, ...]:
    """The rules for a stack of this product: of the book's modules, of the product's own, of its components."""
    of_components = (each for spec in components_of(product).values() for each in spec.rules)
    return (*_of_modules(product.name), *of_components)


@cache
def _of_modules(product: str) -> tuple[Rule, ...]:
    own = f"{products.__name__}.{product}.rules"
    packages = [importlib.import_module(name) for name in (__name__, *filter(find_spec, (own,)))]
    return tuple(each for package in packages for each in _rules_in(package))


def _rules_in(package: ModuleType) -> Iterator[Rule]:
    for name in sorted(found.name for found in pkgutil.iter_modules(package.__path__)):
        module = importlib.import_module(f"{package.__name__}.{name}")
        yield from (each for each in vars(module).values() if isinstance(each, Rule))
