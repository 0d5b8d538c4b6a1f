"""Stack file -> StackConfig, with every error of the file at once.

What is wrong in one section hides neither the errors of the others nor the rules that can still be judged:
what fails is cut out, and the rules are told where.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Protocol

from pydantic import ValidationError

from panda_infra.config import stackfile
from panda_infra.config.components import Components
from panda_infra.config.messages import Finding, empty, findings, set_secret
from panda_infra.config.paths import Path, spelled, within
from panda_infra.config.placeholders import placeholders
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED, NAMESPACE
from panda_infra.errors import Problem, StackError

__all__ = ["TEXT_SECTIONS", "Loaded", "Rules", "from_file", "from_pulumi"]

TEXT_SECTIONS = frozenset({"experiment", "affix", "namespace"})
# Let the other sections be judged when a required one is missing or wrong.
_STAND_INS: dict[str, Any] = {
    "experiment": "dev",
    "cluster": {"kind": "existing"},
    "components": {},
    "storage": {"class": "unknown"},
}
# Free-form chart values: there an empty value removes a chart's default.
_FREE_FORM = frozenset({"values", "affinity"})
_MOST_ROUNDS = 50


class Rules(Protocol):
    """Judges a whole configuration, leaving out what depends on the ``broken`` paths."""

    def __call__(self, config: StackConfig, *, stack: str, broken: Collection[Path]) -> Iterable[Problem]:
        """Every rule that the configuration breaks."""


@dataclass(frozen=True)
class Loaded:
    """A stack file read without decrypting it; ``encrypted`` are the paths whose value is set but unknown."""

    config: StackConfig
    stack: str
    encrypted: frozenset[Path]


def from_pulumi(
    stack: str, values: Mapping[str, str], secret_keys: Collection[str], *, rules: Rules | None = None
) -> StackConfig:
    """The configuration that the engine hands to the program.

    Args:
        stack: name of the stack.
        values: PULUMI_CONFIG: full key to text, which is JSON for everything but plain texts.
        secret_keys: PULUMI_CONFIG_SECRET_KEYS: full keys that hold an encrypted value.
        rules: cross-field rules, judged together with the rest.

    Raises:
        StackError: with everything that is wrong.
    """
    prefix = f"{NAMESPACE}:"
    own = {key.removeprefix(prefix): text for key, text in values.items() if key.startswith(prefix)}
    hidden = {key.removeprefix(prefix) for key in secret_keys}
    problems = [_misplaced((name,)) for name in own if name in hidden and name != "secrets"]
    sections = {name: _decoded(name, text) for name, text in own.items()}
    if sections.get("secrets") and "secrets" not in hidden:
        problems.append(_plain_text(("secrets",)))
    return _judged(stack, sections, problems, rules)


def from_file(path: FilePath, *, rules: Rules | None = None) -> Loaded:
    """The configuration that a stack file holds, its encrypted values unknown.

    Raises:
        StackError: with everything that is wrong.
    """
    stack = re.sub(r"^Pulumi\.|\.ya?ml$", "", path.name)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise StackError(path.name, [Problem(str(path), what, "Name a stack that has a file.")]) from None
    except UnicodeDecodeError:
        what = "is not UTF-8 text"
        raise StackError(path.name, [Problem(str(path), what, "Save the file as UTF-8.")]) from None
    file, problems = stackfile.parse(text)
    if not file.sections and problems:
        raise StackError(f"Pulumi.{stack}.yaml", problems)
    problems += [_misplaced(at) for at in sorted(file.encrypted, key=spelled) if not within(at, ("secrets",))]
    problems += [_plain_text(at) for at in _plain_leaves(file.sections.get("secrets"), ("secrets",))]
    sections = {
        name: str(value) if name in TEXT_SECTIONS and isinstance(value, int | float) else value
        for name, value in file.sections.items()
    }
    return Loaded(_judged(stack, sections, problems, rules), stack, file.encrypted)


def _decoded(name: str, text: str) -> Any:
    """The value of a section; a text that is no JSON stays text, for the models to refuse."""
    if name in TEXT_SECTIONS:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _judged(
    stack: str, sections: dict[str, Any], problems: Iterable[Problem], rules: Rules | None
) -> StackConfig:
    source = f"Pulumi.{stack}.yaml"
    # Pulumi.yaml declares every section with an empty default, or the engine would refuse what is optional.
    sections = {name: value for name, value in sections.items() if value not in ("", {})}
    try:
        unfilled = dict(placeholders(sections))
        config, found = _validated(sections)
    except RecursionError:
        problem = Problem("config", "nests far too deep", "Write plain YAML values.")
        raise StackError(source, [problem]) from None
    broken = frozenset(unfilled) | {finding.path for finding in found}
    told = [*problems, *unfilled.values()]
    told += [finding.problem for finding in found if finding.path not in unfilled]
    if rules and () not in broken:
        told += rules(config, stack=stack, broken=broken)
    if told:
        raise StackError(source, dict.fromkeys(told))
    return config


def _validated(sections: dict[str, Any]) -> tuple[StackConfig, list[Finding]]:
    """The configuration without what is wrong in it, and what that was."""
    value = copy.deepcopy(sections)
    found = [empty(path, StackConfig, value) for path in _empty(value, ())]
    fresh = found
    for _ in range(_MOST_ROUNDS):
        for path in sorted({_cut(finding) for finding in fresh}, key=_order, reverse=True):
            _remove(value, path)
        try:
            return StackConfig.model_validate_json(json.dumps(value), by_alias=True, by_name=False), found
        except ValidationError as error:
            fresh = findings(error, StackConfig, value)
        # What a cut leaves incomplete is no error of the file.
        found += [new for new in fresh if not any(_related(new, old) for old in tuple(found))]
        if any(not finding.path for finding in fresh):
            break
    problem = Problem("config", "cannot be judged as a whole", "Correct the rest first.")
    found.append(Finding((), "unreadable", problem))
    return StackConfig.model_validate_json(json.dumps(_STAND_INS)), found


def _related(one: Finding, other: Finding) -> bool:
    return within(one.path, other.path) or within(other.path, one.path)


def _cut(finding: Finding) -> Path:
    """What must go so that the rest can be judged; a mapping that lacks something goes as a whole."""
    incomplete = finding.type in ("missing", "union_tag_not_found", "union_tag_invalid")
    return finding.path[:-1] if incomplete and len(finding.path) > 1 else finding.path


def _order(path: Path) -> list[tuple[int, str]]:
    """Sorts a list's items by number: cutting from behind moves none that is still to be cut."""
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
    """Keys without a value: nobody can tell whether they mean "the default" or "nothing"."""
    if value is None:
        yield path
    elif isinstance(value, dict) and (not path or path[-1] not in _FREE_FORM):
        for key, item in value.items():
            yield from _empty(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _empty(item, (*path, index))


def _plain_leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _plain_leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _plain_leaves(item, (*path, index))
    elif value is not None and value != ENCRYPTED:
        yield path


def _misplaced(path: Path) -> Problem:
    what = "holds an encrypted value, which only keys below `secrets` may"
    return Problem(spelled(path), what, "Move it to its key below `secrets`, or write it in plain text.")


def _plain_text(path: Path) -> Problem:
    what = "is stored in plain text"
    command = set_secret(path if len(path) > 1 else (*path, "..."))
    return Problem(spelled(path), what, f"Run `{command}` with a new value: this one is no longer secret.")
