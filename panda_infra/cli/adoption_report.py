"""Prints the result of `adopt` as tables or as JSON; of secrets only the keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from panda_infra.adoption.adopt import Adoption
from panda_infra.cli.output import results, show_json, table

__all__ = ["show"]

_Row = tuple[str, ...]


def show(made: Adoption, *, as_json: bool) -> None:
    """Print all differences between a stack and the running installation."""
    if as_json:
        show_json(
            {
                "held": list(map(asdict, made.held)),
                "secrets": list(map(asdict, made.secrets)),
                "objects": {name: list(map(asdict, changes)) for name, changes in made.objects.items()},
                "unplaced": list(map(asdict, made.outcome.unplaced)),
            }
        )
        return
    _print("held as found", ("component", "chart value", "found", "the stack's own"), list(_held(made)))
    secrets = [(each.secret, each.key, each.what, each.seen) for each in made.secrets]
    _print("Secrets", ("Secret", "key", "what", "pods see it"), secrets)
    _print("objects that will change", ("object", "field", "found", "the stack's"), list(_objects(made)))
    notes = [(note.file, note.key, note.why) for note in sorted(made.outcome.unplaced)]
    _print("not placed, look at each", ("file", "key", "why"), notes)


def _held(made: Adoption) -> Iterator[_Row]:
    for held in made.held:
        yield held.component, held.key, _text(held.found), _text(held.stack)


def _objects(made: Adoption) -> Iterator[_Row]:
    for changes in made.objects.values():
        for change in changes:
            where = ".".join(change.path)
            yield f"{change.kind} {change.name}", where, _text(change.found), _text(change.stack)


def _print(title: str, columns: Sequence[str], rows: Sequence[_Row]) -> None:
    if rows:
        shown = table(*columns, title=title)
        for row in rows:
            shown.add_row(*row)
        results.print(shown)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value)
