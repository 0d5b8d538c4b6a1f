"""Change a stack file in place: comments and whatever else people wrote stay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from panda_infra.config import stackfile, yaml_nodes
from panda_infra.config.paths import Path
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.stacks.project import Project
from panda_infra.stacks.replace import replacing, restore
from panda_infra.stacks.yaml_text import PlaceError, put
from panda_infra.tree import value_at

__all__ = ["Wanted", "apply", "edit"]

Wanted = Mapping[Path, str | int]
"""New values by their paths below the program's namespace."""


def edit(here: Project, stack: str, values: Wanted, *, dry_run: bool = False) -> list[Path]:
    """Write values into the file of a stack, unless they break a rule; returns the paths of those that are new.

    A ``dry_run`` writes nothing.

    Raises:
        StackError: with every problem that the stack would have; the file stays as it is.
        PandaInfraError: something else stands in a value's place, or the file was changed meanwhile.
    """
    file = here.file(stack)
    before = file.read_bytes()
    if dry_run:
        return _edited(file.name, before.decode(), values)[1]
    changed = apply(file, values)
    try:
        here.judge(stack)
    except StackError as error:
        if changed and not error.awaits_site:
            restore(file, before)
            raise
    return changed


def apply(file: FilePath, values: Wanted) -> list[Path]:
    """Write values into a stack file; returns the paths of those that it did not have.

    A section of another kind is replaced as a whole.

    Raises:
        PandaInfraError: something else stands there, or the file was changed meanwhile.
    """
    before = file.read_bytes()
    text, changed = _edited(file.name, before.decode(), values)
    if changed:
        with replacing(file, before, text.encode()):
            pass
    return changed


def _edited(name: str, text: str, values: Wanted) -> tuple[str, list[Path]]:
    for (section, *rest), value in values.items():
        if rest == ["kind"] and _kind_of(text, str(section)) not in (None, value):
            text = _without(text, str(section))
    changed = []
    for path, value in values.items():
        section, *rest = path
        try:
            after = put(text, ("config", f"{NAMESPACE}:{section}", *rest), value)
        except PlaceError as error:
            raise PandaInfraError(f"{name} stays as it is: {error}") from None
        if after != text:
            changed.append(path)
        text = after
    return text, changed


def _kind_of(text: str, section: str) -> str | None:
    found = value_at(stackfile.document_of(text), ("config", f"{NAMESPACE}:{section}", "kind"), None)
    return None if found is None else str(found)


def _without(text: str, section: str) -> str:
    """The text of a stack file without the lines of a section."""
    root: Any = yaml_nodes.compose(text)
    config = next(value for key, value in root.value if key.value == "config")
    key, value = next(pair for pair in config.value if pair[0].value == f"{NAMESPACE}:{section}")
    lines = text.splitlines(keepends=True)
    # A block ends where what follows begins, a mapping in braces within its last line.
    end = value.end_mark.line + (value.end_mark.column > key.start_mark.column)
    return "".join(lines[: key.start_mark.line] + lines[end:])
