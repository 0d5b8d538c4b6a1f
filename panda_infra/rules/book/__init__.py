"""The rules over a stack's configuration, a module for each topic."""

from __future__ import annotations

import importlib
import pkgutil

from panda_infra.rules.rule import Rule

__all__ = ["rules"]


def rules() -> tuple[Rule, ...]:
    """Every rule of the book, by its module's name and in the order in which the module has them."""
    modules = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return tuple(
        each
        for name in modules
        for each in vars(importlib.import_module(f"{__name__}.{name}")).values()
        if isinstance(each, Rule)
    )
