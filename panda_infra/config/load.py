"""Loads a stack file over its site's file, and reports every error of both at once.

An error in one section hides neither the errors of the others nor the rules that can still be judged:
invalid parts are cut out, and the rules get their paths.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Protocol, get_origin

from panda_infra.config import stackfile
from panda_infra.config.expected import place, root
from panda_infra.config.go_times import times
from panda_infra.config.messages import set_secret
from panda_infra.config.paths import Path, spelled, within
from panda_infra.config.placeholders import placeholders
from panda_infra.config.sites import Layers, layered
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED, NAMESPACE, StackFile
from panda_infra.config.validation import INCOMPLETE, validated
from panda_infra.config.vault import Reference, Vault, filled, is_reference
from panda_infra.errors import Problem, StackError
from panda_infra.tree import leaves, texts

__all__ = [
    "TEXT_OR_MAPPING",
    "TEXT_SECTIONS",
    "Loaded",
    "Rules",
    "from_file",
    "from_pulumi",
    "is_mapping",
    "text_of",
]

TEXT_SECTIONS = frozenset({"experiment", "site", "affix", "namespace", "delivery"})
TEXT_OR_MAPPING = frozenset({"namespace", "delivery"})
"""The text sections that may also be a mapping."""
_HERE = FilePath()
# Shorter texts may be parts of ordinary words.
_SHORTEST_SECRET = 6


class Rules(Protocol):
    """Judges a whole configuration, but skips rules that depend on the ``broken`` paths."""

    def __call__(self, config: StackConfig, *, stack: str, broken: Collection[Path]) -> Iterable[Problem]:
        """The problems of every broken rule."""


@dataclass(frozen=True)
class Loaded:
    """A stack's configuration and the ``layers`` that it is made of.

    ``encrypted`` are the paths of a file whose value is set but unknown; of those, ``wholes`` are mappings that are
    encrypted as one value, of which even the keys are unknown. ``references`` are the paths whose value is in a vault.
    """

    config: StackConfig
    stack: str
    layers: Layers
    encrypted: frozenset[Path] = frozenset()
    wholes: frozenset[Path] = frozenset()
    references: Mapping[Path, Reference] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The name of the stack file."""
        return f"Pulumi.{self.stack}.yaml"

    def error(self, problems: Iterable[Problem]) -> StackError:
        """An error with these problems, each with the file that contains its key."""
        return StackError(self.source, map(self.layers.located, problems))


def from_pulumi(
    stack: str,
    values: Mapping[str, str],
    secret_keys: Collection[str],
    *,
    folder: FilePath = _HERE,
    rules: Rules | None = None,
    vault: Vault | None = None,
) -> Loaded:
    """The configuration that the engine passes to the program.

    Args:
        stack: name of the stack.
        values: PULUMI_CONFIG: full key to text, which is JSON for everything but plain texts.
        secret_keys: PULUMI_CONFIG_SECRET_KEYS: full keys that hold an encrypted value.
        folder: of the project, with the stack file; by default the current one, where the engine runs programs.
        rules: cross-field rules, judged together with the rest.
        vault: has the values of references; without one they are only known to be set.

    Raises:
        StackError: with everything that is wrong.
    """
    prefix = f"{NAMESPACE}:"
    own = {key.removeprefix(prefix): text for key, text in values.items() if key.startswith(prefix)}
    hidden = {key.removeprefix(prefix) for key in secret_keys}
    problems = [_misplaced((name,)) for name in own if name in hidden and name != "secrets"]
    sections = {name: _decoded(name, text) for name, text in own.items()}
    if "secrets" not in hidden and any(_plain_secrets(sections)):
        problems.append(_plain_text(stack, ("secrets",)))
    read = filled(_opened(sections.get("secrets"), ("secrets",)), vault)
    if "secrets" in sections:
        sections["secrets"] = read.secrets
    loaded = _judged(stack, sections, folder, [*problems, *read.problems], rules=rules)
    return replace(loaded, references=read.found)


def from_file(path: FilePath, *, rules: Rules | None = None, mending: str | None = None) -> Loaded:
    """The configuration that a stack file holds, its encrypted values unknown.

    Args:
        path: of the file.
        rules: cross-field rules, judged together with the rest.
        mending: a section that is about to be corrected: its problems are left out.

    Raises:
        StackError: with everything that is wrong.
    """
    stack = re.sub(r"^Pulumi\.|\.ya?ml$", "", path.name)
    file, problems = text_of(path)
    if not file.sections and problems:
        raise StackError(path.name, problems)
    problems += [_misplaced(at) for at in sorted(file.encrypted, key=spelled) if not within(at, ("secrets",))]
    problems += [_plain_text(stack, at) for at in _plain_secrets(file.sections)]
    sections = {name: _as_passed(name, value) for name, value in file.sections.items()}
    read = filled(_opened(sections.get("secrets"), ("secrets",)), None)
    if "secrets" in sections:
        sections["secrets"] = read.secrets
    problems += read.problems
    wholes = frozenset(filter(is_mapping, file.encrypted))
    loaded = _judged(stack, sections, path.parent, problems, rules=rules, mending=mending, unknown=wholes)
    return replace(loaded, encrypted=file.encrypted | read.found.keys(), wholes=wholes, references=read.found)


def text_of(path: FilePath) -> tuple[StackFile, list[Problem]]:
    """The parsed stack file, and a problem for each part that could not be read.

    Raises:
        StackError: the file cannot be read as text.
    """
    try:
        return stackfile.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = Problem(
            str(path), f"cannot be read: {error.strerror}", "See that it is a file which you may read."
        )
    except UnicodeDecodeError:
        problem = Problem(str(path), "is not UTF-8 text", "Save the file as UTF-8.")
    raise StackError(path.name, [problem])


def _as_passed(name: str, value: Any) -> Any:
    """The value of a section as the engine passes it: a section of plain text holds the JSON of anything else."""
    if name not in TEXT_SECTIONS or isinstance(value, str | None):
        return value
    return value if name in TEXT_OR_MAPPING and isinstance(value, dict | list) else json.dumps(value)


def _opened(value: Any, path: Path) -> Any:
    """The secrets, with each mapping that was encrypted as one value parsed from its text; an unknown one is empty."""
    if isinstance(value, str) and is_mapping(path):
        value = {} if value == ENCRYPTED else _decoded(str(path[-1]), value)
    if isinstance(value, dict):
        return {key: _opened(item, (*path, key)) for key, item in value.items()}
    return value


@cache
def is_mapping(path: Path) -> bool:
    """True if the value at a path of a stack's configuration is a mapping."""
    here = place(root(StackConfig), path, None)
    return here.path == path and (bool(here.models) or get_origin(here.type) is dict)


def _decoded(name: str, text: str) -> Any:
    """The value of a section; text that is not JSON stays text, and the models refuse it."""
    # The engine writes a mapping as JSON, and a text of such a section never begins with a brace.
    if name in TEXT_SECTIONS and not (name in TEXT_OR_MAPPING and text.startswith("{")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _judged(
    stack: str,
    own: dict[str, Any],
    folder: FilePath,
    problems: Iterable[Problem],
    *,
    rules: Rules | None,
    mending: str | None = None,
    unknown: frozenset[Path] = frozenset(),
) -> Loaded:
    # Pulumi.yaml declares an empty default for every section: the engine would require one without a default.
    own = {name: value for name, value in own.items() if value not in ("", {})}
    layers, of_site = layered(own, folder, stack=stack)
    try:
        sections = layers.sections
        unfilled = dict(placeholders(sections, stack=stack)) | dict(times(sections))
        config, found = validated(sections, stack=stack)
    except RecursionError:
        problem = Problem("config", "nests far too deep", "Write plain YAML values.")
        raise StackError(f"Pulumi.{stack}.yaml", [problem]) from None
    if not layers.complete:
        # The site's sections are missing here.
        found, rules = [finding for finding in found if finding.type not in INCOMPLETE], None
    loaded = Loaded(config, stack, layers)
    broken = unknown | frozenset(unfilled) | {finding.path for finding in found}
    collected = [*problems, *of_site, *unfilled.values()]
    refused = {problem.where for problem in collected}
    collected += [finding.problem for finding in found if spelled(finding.path) not in refused]
    if rules and () not in broken:
        collected += rules(config, stack=stack, broken=broken)
    if mending:
        collected = [problem for problem in collected if not re.match(rf"{mending}\b", problem.where)]
    if collected:
        secrets = frozenset(text for _, text in texts(sections.get("secrets")) if _could_be_found(text))
        raise loaded.error(dict.fromkeys(_masked(problem, secrets) for problem in collected))
    return loaded


def _masked(problem: Problem, secrets: Collection[str]) -> Problem:
    """The problem with secrets masked: somebody may have copied one to a key whose value a message contains."""
    where, what, fix = problem.where, problem.what, problem.fix
    for secret in secrets:
        where, what, fix = (part.replace(secret, "***") for part in (where, what, fix))
    return Problem(where, what, fix, problem.awaits_site)


def _could_be_found(secret: str) -> bool:
    return len(secret) >= _SHORTEST_SECRET and secret != ENCRYPTED


def _plain_secrets(sections: Mapping[str, Any]) -> Iterator[Path]:
    for path, value in leaves(sections.get("secrets"), ("secrets",)):
        if value is not None and value != ENCRYPTED and not is_reference(value):
            yield path


def _misplaced(path: Path) -> Problem:
    what = "holds an encrypted value, which only keys below `secrets` may"
    return Problem(spelled(path), what, "Move it to its key below `secrets`, or write it in plain text.")


def _plain_text(stack: str, path: Path) -> Problem:
    what = "is stored in plain text"
    command = set_secret(stack, spelled(path[1:]) or "KEY")
    return Problem(spelled(path), what, f"Run `{command}` with a new value: this one is no longer secret.")
