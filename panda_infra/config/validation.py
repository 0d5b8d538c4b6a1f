"""Validates as much of a stack file as possible: invalid parts are cut out, so that the rest can still be judged."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from panda_infra.config.components import Components
from panda_infra.config.messages import Finding, empty, findings
from panda_infra.config.paths import Path, within
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.products.registry import EXPERIMENTS

__all__ = ["INCOMPLETE", "validated"]

# Types of findings that adding a key would correct.
INCOMPLETE = frozenset({"missing", "union_tag_not_found"})

# Replace a required section that is missing or wrong, so that the others can be judged.
_STAND_INS: dict[str, Any] = {
    "experiment": next(iter(EXPERIMENTS)),
    "cluster": {"kind": "existing"},
    "components": {},
    "storage": {"class": "unknown"},
}
# Free-form chart values: there an empty value removes a chart's default.
_FREE_FORM = frozenset({"values", "affinity"})
_MOST_ROUNDS = 50


def validated(sections: dict[str, Any], *, stack: str) -> tuple[StackConfig, list[Finding]]:
    """The configuration of a stack without its invalid parts, and the findings about these."""
    value = copy.deepcopy(sections)
    found = [empty(path, StackConfig, value, stack=stack) for path in _empty(value, ())]
    fresh = tuple(found)
    for _ in range(_MOST_ROUNDS):
        for path in sorted({_cut(finding) for finding in fresh}, key=_order, reverse=True):
            _remove(value, path)
        try:
            return StackConfig.model_validate_json(json.dumps(value), by_alias=True, by_name=False), found
        except ValidationError as error:
            fresh = _without_echoes(findings(error, StackConfig, value, stack=stack))
        # A part that a cut leaves incomplete is not an error of the file.
        found = found + [new for new in fresh if not any(_related(new, old) for old in found)]
        if any(not finding.path for finding in fresh):
            break
    problem = Problem("config", "cannot be judged as a whole", "Correct the rest first.")
    found.append(Finding((), "unreadable", problem))
    return StackConfig.model_validate_json(json.dumps(_STAND_INS)), found


def _without_echoes(found: list[Finding]) -> tuple[Finding, ...]:
    """The findings without lists that are too short only because their items are wrong, which have findings too."""
    below = {finding.path[:-1] for finding in found}
    return tuple(each for each in found if each.type != "too_short" or each.path not in below)


def _related(one: Finding, other: Finding) -> bool:
    return within(one.path, other.path) or within(other.path, one.path)


def _cut(finding: Finding) -> Path:
    """The path to cut so that the rest can be judged: a whole list item, or a mapping in which a key is missing."""
    path = finding.path
    items = [index for index, part in enumerate(path) if isinstance(part, int)]
    if items:
        return path[: items[-1] + 1]
    unfit = finding.type in (*INCOMPLETE, "union_tag_invalid")
    return path[:-1] if unfit and len(path) > 1 else path


def _order(path: Path) -> list[tuple[int, str]]:
    """Sort a list's items by number: cutting from the end does not move those still to be cut."""
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def _remove(value: Any, path: Path) -> None:
    *parents, last = path
    section = value
    for part in parents:
        try:
            value = value[part]
        except (LookupError, TypeError):
            return
    if not parents and last in _STAND_INS:
        section[last] = copy.deepcopy(_STAND_INS[str(last)])
    elif tuple(parents) == ("components",) and last in Components.names():
        value[last] = {}  # still deployed, whatever is wrong with it
    elif isinstance(value, dict):
        value.pop(last, None)
    elif isinstance(value, list) and isinstance(last, int):
        del value[last : last + 1]


def _empty(value: Any, path: Path) -> Iterator[Path]:
    """Keys without a value: it is unclear whether they mean "the default" or "nothing".

    The models themselves refuse empty items of lists.
    """
    if value is None:
        yield path
    elif isinstance(value, dict) and (not path or path[-1] not in _FREE_FORM):
        for key, item in value.items():
            yield from _empty(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if item is not None:
                yield from _empty(item, (*path, index))
