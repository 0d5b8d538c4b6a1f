"""Steps that the imports of several components and sections share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from panda_infra.config.base import Model
from panda_infra.config.scalars import Scalar, is_placeholder
from panda_infra.config.unresolved import unresolved
from panda_infra.products.migrated import Note, Outcome

__all__ = ["file_of", "filled_in", "fits", "literal", "switch", "texts_of"]

_NO = frozenset({"false", "no", "off", "n", "0"})


def switch(key: str, value: Scalar, outcome: Outcome, *, taken: bool | None = None) -> bool:
    """A template's interpretation of a yes or no; noted if it differs from the text."""
    taken = value.true if taken is None else taken
    meant = value.text.lower() not in _NO
    if value.given and taken != meant:
        why = f"is taken for {'true' if taken else 'false'} by the chart, and so here: correct it if it means the other"
        outcome.miss(value.file, key, why)
    return taken


def literal(key: str, value: Scalar, outcome: Outcome) -> str:
    """The value's text; noted if Helm reads a number or a boolean and prints another text."""
    if value.text != value.rendered:
        why = "stands without quotes, and Helm prints it otherwise: taken as it stands there, look what runs with it"
        outcome.miss(value.file, key, why)
    return value.text


def file_of(value: Any) -> str:
    """The file of the first value in a tree; empty if there is none."""
    if isinstance(value, Scalar):
        return value.file
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next(map(file_of, below), "")


def texts_of(key: str, items: list[Any], outcome: Outcome) -> list[tuple[str, str]]:
    """File and text of each entry of a list that is a text; others are noted."""
    for index, item in enumerate(items):
        if not isinstance(item, Scalar) or not item.given:
            outcome.miss(file_of(item), f"{key}[{index}]", "must be a text")
    return [(item.file, item.given) for item in items if isinstance(item, Scalar) and item.given]


def filled_in(key: str, item: Mapping[str, Any], outcome: Outcome) -> Iterator[tuple[str, Scalar]]:
    """The fields that a site has filled in. Others are noted; empty ones are skipped, as upstream's chart does."""
    for name, value in item.items():
        here = f"{key}.{name}"
        if not isinstance(value, Scalar):
            outcome.miss(file_of(value), here, "must be a text")
        elif words := unresolved(value.text):
            outcome.unresolved.append(Note(value.file, here, words))
        elif is_placeholder(value):
            outcome.settle(value.file, here, "is still a placeholder")
        elif value.given:
            yield name, value


def fits(model: type[Model], values: Mapping[str, Any]) -> bool:
    """Return whether the values are valid for a model of the stack file."""
    try:
        model.model_validate(values, strict=False)
    except ValidationError:
        return False
    return True
