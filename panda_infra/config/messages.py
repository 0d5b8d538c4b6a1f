"""Turns pydantic's errors about a stack file into sentences for the person who wrote it.

No message contains a value of the file, because a value in the wrong place may be a secret.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from panda_infra.config.expected import Place, choices, place, root
from panda_infra.config.paths import Path, spelled
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import Problem
from panda_infra.tree import value_at

__all__ = ["Finding", "empty", "findings", "nearest", "set_secret", "set_setting"]

_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
    type(None): "empty",
}
_NUMBERS = (int, float)


@dataclass(frozen=True)
class Finding:
    """One validation error: its key path, pydantic's type of the error, and the problem in words."""

    path: Path
    type: str
    problem: Problem


def findings(
    error: ValidationError, model: type[BaseModel], value: dict[str, Any], *, stack: str
) -> list[Finding]:
    """The errors in ``value`` of a stack, one for each place, even if several members of a union fail there."""
    found: dict[tuple[Path, bool], Finding] = {}
    for detail in error.errors(include_input=False, include_url=False):
        here = place(root(model), detail["loc"], value)
        if detail["loc"][-1:] == ("[key]",):
            owner = place(root(model), detail["loc"][:-2], value)
            finding = Finding(here.path, "key", _wrong_name(here, owner.names))
        else:
            finding = _finding(detail, here, value_at(value, here.path, None), stack)
        found.setdefault((finding.path, finding.type in ("missing", "extra_forbidden")), finding)
    return list(found.values())


def empty(path: Path, model: type[BaseModel], value: dict[str, Any], *, stack: str) -> Finding:
    """The finding for a key without a value."""
    here = place(root(model), path, value)
    fix = f"{_correct(here, stack)}, or remove the key."
    return Finding(path, "empty", Problem(_where(path), "is empty", fix))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant."""
    folded = {item.lower().replace("-", "").replace("_", ""): item for item in known}
    plain = word.lower().replace("-", "").replace("_", "")
    return next((folded[near] for near in difflib.get_close_matches(plain, folded, n=1, cutoff=0.6)), None)


def set_secret(stack: str, key: str) -> str:
    """The command that asks for a secret value, checks it, and stores it encrypted.

    ``key`` is its path below ``secrets``; the value itself is never an argument.
    """
    quoted = shlex.quote(key) if "'" in key else f"'{key}'"
    return f"python -m panda_infra secrets set {stack} {quoted}"


def set_setting(stack: str, where: str, value: str) -> str:
    """The command that writes a setting into the stack file; ``value`` is an example."""
    return f"pulumi config set --stack {stack} --path '{NAMESPACE}:{where}' {value}"


def _finding(detail: ErrorDetails, here: Place, value: Any, stack: str) -> Finding:
    kind, path = detail["type"], here.path
    match kind:
        case "missing":
            problem = _missing(here, stack)
        case "extra_forbidden":
            problem = _unknown_key(here)
        case "union_tag_not_found" | "union_tag_invalid":
            path = (*path, "kind")
            problem = _wrong_kind(here, value)
        case "value_error" | "assertion_error":
            problem = Problem(_where(path), detail["msg"].partition(", ")[2], _correct(here, stack))
        case "json_invalid":
            what = "holds something that is neither text, number, list nor mapping, or nests too deep"
            problem = Problem("config", what, "Write plain YAML values.")
        case _:
            problem = _wrong_value(here, value, stack)
    return Finding(path, kind, problem)


def _missing(here: Place, stack: str) -> Problem:
    described = f": {_first_sentence(here.description)}" if here.description else ""
    fix = _set(here, stack) if here.secret else f"Add it, e.g. {_assignment(here)}"
    return Problem(_where(here.path), f"is missing{described}", fix)


def _unknown_key(here: Place) -> Problem:
    *_, key = here.path
    near = nearest(str(key), here.siblings)
    what = "there is no such key" + (f"; did you mean `{near}`?" if near else "")
    fix = f"Keys known here: {', '.join(here.siblings) or 'none'}."
    return Problem(_where(here.path), what, fix)


def _wrong_name(here: Place, names: Place) -> Problem:
    near = nearest(str(here.path[-1]), choices(names.type))
    what = f"this key must be {names.expected()}" + (f"; did you mean {near}?" if near else "")
    return Problem(_where(here.path), what, f"Rename it, e.g. `{near or names.example()}`.")


def _wrong_kind(here: Place, value: Any) -> Problem:
    kinds = [option for model in here.models for option in choices(model.model_fields["kind"].annotation)]
    given = value.get("kind") if isinstance(value, dict) else None
    state = "is missing: it" if given is None else "is not known: it"
    near = nearest(given, kinds) if isinstance(given, str) else None
    what = f"{state} must be one of {', '.join(kinds)}" + (f"; did you mean {near}?" if near else "")
    fix = f"Write e.g. `{here.path[-1]}: {{kind: {near or kinds[0]}, ...}}`."
    return Problem(_where((*here.path, "kind")), what, fix)


def _wrong_value(here: Place, value: Any, stack: str) -> Problem:
    expected = here.expected()
    options = choices(here.type)
    near = nearest(value, options) if options and isinstance(value, str) else None
    actual = _KINDS.get(type(value), "something else")
    textual = isinstance(value, str) and (options or here.is_text)
    what = f"must be {expected}"
    if near:
        what += f"; did you mean {near}?"
    elif value == "":
        what += ", but is an empty text"
    elif not textual and not expected.startswith(actual):
        what += f", but is {actual}"
    return Problem(_where(here.path), what, _correct(here, stack, value))


def _correct(here: Place, stack: str, value: Any = None) -> str:
    if here.secret:
        return _set(here, stack)
    if here.type is str and isinstance(value, bool | int | float):
        return f"Put it in quotes, e.g. {_assignment(here, quoted=True)}"
    if here.type in _NUMBERS and isinstance(value, str) and value.strip("+-").isdigit():
        return f"Write it without quotes, e.g. {_assignment(here)}"
    return f"Write e.g. {_assignment(here, nearest(value, choices(here.type)) if isinstance(value, str) else None)}"


def _set(here: Place, stack: str) -> str:
    """The fix for a place below ``secrets``."""
    return f"Run `{set_secret(stack, spelled(here.path[1:]))}`."


def _assignment(here: Place, example: str | None = None, *, quoted: bool = False) -> str:
    """A valid line for this place."""
    key = here.path[-1] if here.path else "config"
    text = _flow(example or here.example(), quoted=quoted)
    if isinstance(key, int):
        return f"`- {text}`"
    name = f"{NAMESPACE}:{key}" if len(here.path) == 1 else key
    return f"`{name}: {text}`"


def _flow(value: Any, *, quoted: bool) -> str:
    style = "'" if quoted else None
    text = yaml.safe_dump(
        value, default_flow_style=True, default_style=style, sort_keys=False, width=10_000, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _first_sentence(text: str) -> str:
    sentence = " ".join(text.split()).split(". ")[0].split(", e.g")[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _where(path: Sequence[str | int]) -> str:
    return spelled(tuple(path)) or "config"
