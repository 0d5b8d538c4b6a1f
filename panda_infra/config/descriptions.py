"""What the docstrings below the fields of a model say.

Pydantic could put them into the models itself, but would read the sources of all models at every start, for words
that only errors and the documentation need.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

from pydantic import BaseModel

__all__ = ["descriptions"]


@cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """Each described field's text by the field's name, those of base classes too."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        found |= _in_module(kind.__module__).get(kind.__qualname__, {})
    return {name: text for name, text in found.items() if name in model.model_fields}


@cache
def _in_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """The described attributes of each class of a module; none where the sources are not Python's."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except (OSError, TypeError):
        return {}
    return {node.name: dict(_described(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _described(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(node.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
