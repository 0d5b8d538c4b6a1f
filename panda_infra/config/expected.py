"""The value that the models expect at a place of a stack file, in words and as an example."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Union

import annotated_types
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from panda_infra.config.base import Form
from panda_infra.config.model_keys import attributes, descriptions
from panda_infra.config.paths import Path

__all__ = ["Place", "choices", "fields_of", "place", "root"]


@dataclass(frozen=True)
class Place:
    """A place of the stack file: its path, the type expected there, and the type's constraints.

    ``field`` is the model that has the key and the key, ``siblings`` are the keys known beside it.
    """

    path: Path
    type: Any
    constraints: tuple[Any, ...] = ()
    field: tuple[type[BaseModel], str] | None = None
    siblings: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """The purpose of the key; empty for a place without one."""
        model, key = self.field or (BaseModel, "")
        return descriptions(model).get(key, "")

    @property
    def secret(self) -> bool:
        """True if a secret text is expected here."""
        return self.type is SecretStr

    @property
    def is_text(self) -> bool:
        """True if plain text is allowed here."""
        return any(_peeled(self.path, member).type is str for member in _members(self.type))

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """The models that are allowed here: one, or those of a union."""
        return tuple(member for member in _members(self.type) if _is_model(member))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys known here, in the order of the documentation."""
        known = dict.fromkeys(key for model in self.models for key in fields_of(model))
        return tuple(known)

    @property
    def names(self) -> Place:
        """The names in a mapping of names to values, as a place of their own."""
        return _peeled(self.path, (typing.get_args(self.type) or (str,))[0])

    def expected(self) -> str:
        """The expected value in words, to complete "must be ..."."""
        form = next((item for item in self.constraints if isinstance(item, Form)), None)
        if form:
            return form.expected
        parts = dict.fromkeys(self._expected(member) for member in _members(self.type))
        return (", or " if any("," in part for part in parts) else " or ").join(parts)

    def example(self) -> Any:
        """A valid value for this place, as YAML would load it."""
        return _example(self.type, self.constraints)

    def _expected(self, kind: Any) -> str:
        if typing.get_origin(kind) is Annotated:
            return _peeled(self.path, kind).expected()
        if options := choices(kind):
            return f"one of {', '.join(options)}" if len(options) > 1 else options[0]
        origin = typing.get_origin(kind) or kind
        if origin in (dict, Mapping):
            (_, item) = typing.get_args(kind) or (str, Any)
            inner = _peeled(self.path, item)
            return "a mapping" if inner.type is Any else f"a mapping of names to {_plural(inner)}"
        if origin in (tuple, list, Sequence):
            (item, *_) = typing.get_args(kind) or (Any,)
            return f"a list of {_plural(_peeled(self.path, item))}"
        if _is_model(kind):
            return f"a mapping with keys among {', '.join(fields_of(kind))}"
        return {str: "text", SecretStr: "text", int: "a whole number", float: "a number"}.get(
            kind, "true or false" if kind is bool else "a value"
        ) + _range(self.constraints)


def root(model: type[BaseModel]) -> Place:
    """The place of the whole configuration."""
    return Place((), model)


def place(start: Place, location: Sequence[str | int], value: object) -> Place:
    """Follow a location of pydantic from ``start`` through the given ``value``.

    A location also contains each union member that was tried; these are not keys of the file and are left out of
    the path.
    """
    here = start
    for part in location:
        members = _members(here.type)
        step = next((found for member in members if (found := _step(here.path, member, part))), None)
        tagged = next((member for member in members if len(members) > 1 and _tag(member) == part), None)
        if tagged is not None and not (isinstance(value, dict) and part in value and step):
            here = Place(here.path, tagged, here.constraints, here.field)
            continue
        if step is None:
            if not (isinstance(value, dict) and part in value) or part == "[key]":
                continue
            step = Place((*here.path, part), Any, siblings=here.keys)
        value = _item(value, part)
        here = step
    return here


def choices(kind: Any) -> tuple[str, ...]:
    """The options of a Literal, none for other types."""
    options = typing.get_args(kind) if typing.get_origin(kind) is Literal else ()
    return tuple(str(option) for option in options)


def _item(value: object, part: str | int) -> object:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _step(path: Path, kind: Any, part: str | int) -> Place | None:
    """The place below a type; None if it does not have that part."""
    origin = typing.get_origin(kind) or kind
    arguments = typing.get_args(kind)
    if _is_model(kind) and isinstance(part, str):
        info = fields_of(kind).get(part)
        return info and replace(_peeled((*path, part), info.annotation, info), field=(kind, part))
    if origin in (dict, Mapping) and isinstance(part, str) and part != "[key]":
        return _peeled((*path, part), arguments[1] if arguments else Any)
    if origin in (tuple, list, Sequence) and isinstance(part, int):
        return _peeled((*path, part), arguments[0] if arguments else Any)
    return None


def _peeled(path: Path, annotation: Any, info: FieldInfo | None = None) -> Place:
    """The place of an annotation without its Annotated and optional wrappings."""
    constraints: list[Any] = list(info.metadata) if info else []
    while True:
        if typing.get_origin(annotation) is Annotated:
            annotation, *metadata = typing.get_args(annotation)
            for item in metadata:
                constraints += item.metadata if isinstance(item, FieldInfo) else [item]
            continue
        members = _members(annotation)
        if len(members) == 1 and members[0] is not annotation:
            annotation = members[0]
            continue
        return Place(path, annotation, tuple(constraints))


def _members(kind: Any) -> tuple[Any, ...]:
    """The types of a union without None; any other type by itself."""
    if typing.get_origin(kind) is Annotated:
        return _members(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (Union, types.UnionType):
        return tuple(_bare(member) for member in typing.get_args(kind) if member is not types.NoneType)
    return (kind,)


def _bare(member: Any) -> Any:
    """The model of a union's member, without the tag that discriminates it."""
    model = typing.get_args(member)[0] if typing.get_origin(member) is Annotated else None
    return model if _is_model(model) else member


def _is_model(kind: Any) -> typing.TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by their keys."""
    return {key: model.model_fields[name] for key, name in attributes(model).items()}


def _tag(kind: Any) -> str | None:
    """Pydantic's name of a union member in a location."""
    if _is_model(kind):
        kinds = choices(kind.model_fields["kind"].annotation) if "kind" in kind.model_fields else ()
        return kinds[0] if kinds else kind.__name__
    return getattr(kind, "__name__", None)


def _range(constraints: tuple[Any, ...]) -> str:
    return "".join(_bounds(constraints))


def _bounds(constraints: tuple[Any, ...]) -> Iterator[str]:
    for item in constraints:
        match item:
            case annotated_types.Ge(ge=low):
                yield f" of at least {low}"
            case annotated_types.Gt(gt=low):
                yield f" above {low}"
            case annotated_types.Le(le=high):
                yield f" of at most {high}"
            case annotated_types.Lt(lt=high):
                yield f" below {high}"
            case annotated_types.MinLen(min_length=low):
                yield f" of length {low} or more"
            case annotated_types.MaxLen(max_length=high):
                yield f" of length {high} or less"


def _plural(item: Place) -> str:
    if item.models:
        return "mappings"
    names = {str: "texts", SecretStr: "secret texts", int: "whole numbers", bool: "true or false"}
    return names.get(item.type, "values")


def _example(kind: Any, constraints: tuple[Any, ...]) -> Any:
    first = _peeled((), _members(kind)[0])
    forms = [item.example for item in (*constraints, *first.constraints) if isinstance(item, Form)]
    lowest = [item.ge for item in constraints if isinstance(item, annotated_types.Ge)]
    simple = [*forms, *choices(first.type), *lowest]
    return simple[0] if simple else _composed(first.type)


def _composed(kind: Any) -> Any:
    origin = typing.get_origin(kind) or kind
    if origin in (dict, Mapping):
        name, item = (_peeled((), argument) for argument in typing.get_args(kind) or (str, Any))
        return {"name" if name == Place((), str) else name.example(): item.example()}
    if origin in (tuple, list, Sequence):
        return [_peeled((), typing.get_args(kind)[0]).example()]
    if _is_model(kind):
        required = {key: info for key, info in fields_of(kind).items() if info.is_required()}
        return {key: _peeled((), info.annotation, info).example() for key, info in required.items()}
    return {bool: True, int: 1, float: 1.0}.get(kind, "text")
