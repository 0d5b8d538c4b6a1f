"""The keys of models in a file: the attribute of each, and its description.

A description is the docstring below the field, read from the source on demand. Pydantic can read them itself
(`use_attribute_docstrings`), but then reads those of every model at every start of the program, which took a quarter of
it; only errors, `explain`, the pages and the schemas show any.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel

__all__ = ["attributes", "descriptions"]


@cache
def attributes(model: type[BaseModel]) -> Mapping[str, str]:
    """The attribute of each key."""
    return {info.alias or name: name for name, info in model.model_fields.items()}


@cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """The description of each field that has one, by its key in a file: the field's own, or the docstring below it."""
    written = {
        name: text
        for base in reversed(model.__mro__)
        for name, text in _documented(base.__module__).get(base.__qualname__, {}).items()
    }
    found = {
        key: model.model_fields[name].description or written.get(name)
        for key, name in attributes(model).items()
    }
    return {key: text for key, text in found.items() if text}


@cache
def _documented(module: str) -> Mapping[str, Mapping[str, str]]:
    """The docstrings below the fields of each class of a module, by the class's qualified name."""
    source = getattr(sys.modules[module], "__file__", None)
    return dict(_classes(ast.parse(Path(source).read_bytes()))) if source and source.endswith(".py") else {}


def _classes(node: ast.AST, place: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    for each in ast.iter_child_nodes(node):
        match each:
            case ast.ClassDef(name=name):
                yield place + name, dict(_fields(each.body))
                yield from _classes(each, f"{place}{name}.")
            case ast.FunctionDef(name=name):
                yield from _classes(each, f"{place}{name}.<locals>.")


def _fields(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, cleandoc(text)
