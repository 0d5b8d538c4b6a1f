"""Every key of a stack file, model by model, from the models' own descriptions."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from panda_infra.config.expected import Place, fields_of, place, root
from panda_infra.config.stack import StackConfig

__all__ = ["Key", "Section", "sections"]

_NAME = "NAME"


@dataclass(frozen=True)
class Key:
    """A key of a section.

    ``default`` is YAML, empty if there is none. ``example`` is YAML too, empty for secrets and for keys with keys
    below. ``below`` are the models of those.
    """

    name: str
    expected: str
    required: bool
    default: str
    meaning: str
    example: str
    below: tuple[type[BaseModel], ...]


@dataclass(frozen=True)
class Section:
    """The keys of a model, and all its paths, with NAME for a freely chosen name."""

    model: type[BaseModel]
    paths: tuple[str, ...]
    keys: tuple[Key, ...]

    @property
    def meaning(self) -> str:
        """The model's docstring as one paragraph."""
        return " ".join((inspect.getdoc(self.model) or "").split())


def sections(top: type[BaseModel] = StackConfig) -> list[Section]:
    """The sections of all models, each model once, in the order of a stack file."""
    found: dict[type[BaseModel], list[str]] = {}
    _collect(top, "", found)
    return [Section(model, tuple(paths), tuple(_keys(model))) for model, paths in found.items()]


def _collect(model: type[BaseModel], path: str, found: dict[type[BaseModel], list[str]]) -> None:
    found.setdefault(model, []).append(path)
    for name in fields_of(model):
        at = f"{path}.{name}" if path else name
        for suffix, below in _below(_place(model, name)):
            _collect(below, at + suffix, found)


def _keys(model: type[BaseModel]) -> Iterator[Key]:
    for name, info in fields_of(model).items():
        here = _place(model, name)
        below = tuple(dict.fromkeys(found for _, found in _below(here)))
        hidden = (below and not here.is_text) or "SecretStr" in str(here.type)
        yield Key(
            name=name,
            expected=here.expected().replace("text", "encrypted text")
            if not below and hidden
            else _words(here),
            required=info.is_required(),
            default=_default(info),
            meaning=" ".join(here.description.split()),
            example="" if hidden else _flow(here.example()),
            below=below,
        )


def _words(here: Place) -> str:
    """The expected value; keys of models have their own section."""
    if here.models and here.is_text:
        return here.expected().partition(" with keys among ")[0]
    return "a mapping" if here.models else here.expected()


def _place(model: type[BaseModel], name: str) -> Place:
    return place(root(model), [name], None)


def _below(here: Place) -> Iterator[tuple[str, type[BaseModel]]]:
    """The models at a place, or one name or index below it, with the path between."""
    yield from (("", model) for model in here.models)
    origin = typing.get_origin(here.type)
    if origin in (dict, Mapping):
        yield from ((f".{_NAME}", model) for model in place(here, [_NAME], None).models)
    elif origin in (tuple, list, Sequence):
        yield from (("[]", model) for model in place(here, [0], None).models)


def _default(info: FieldInfo) -> str:
    value = (
        to_jsonable_python(info.default, by_alias=True, exclude_none=True) if not info.is_required() else None
    )
    if isinstance(info.default, BaseModel):
        # The section of that model shows its keys' own defaults.
        value = info.default.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return "" if value in (None, {}, []) else _flow(value)


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return text.removesuffix("...\n").strip()
