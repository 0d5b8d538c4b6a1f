"""References to a vault, which stand below `secrets` in place of encrypted values.

Only previews and deployments ask the vault; all other commands see no more than that a value is set.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from panda_infra.config.paths import Path, spelled
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.errors import PandaInfraError, Problem
from panda_infra.tree import mapped, texts

__all__ = ["Filled", "Reference", "Vault", "filled", "is_reference", "references"]

_BEGIN = "vault:"
_WORD = r"[^\s/#?%\\]+"
_FORM = re.compile(rf"{_BEGIN}(?P<mount>{_WORD})/(?P<path>{_WORD}(/{_WORD})*)#(?P<key>[^\s#]+)")
_EXAMPLE = "vault:secret/panda/doma#databasePassword"


@dataclass(frozen=True, order=True)
class Reference:
    """A key of the newest version of a secret, at a path of a KV engine of version 2 that is mounted there."""

    mount: str
    path: str
    key: str

    def __str__(self) -> str:
        return f"{_BEGIN}{self.mount}/{self.path}#{self.key}"


class Vault(Protocol):
    """Any vault."""

    def __call__(self, wanted: Collection[Reference]) -> Mapping[Reference, str | PandaInfraError]:
        """The value of each reference, or the reason why there is none, in words that complete "which ..."."""


@dataclass(frozen=True)
class Filled:
    """The secrets with a value for each reference, ``ENCRYPTED`` where it is unknown; ``found`` are all references."""

    secrets: Any
    found: Mapping[Path, Reference] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def is_reference(value: object) -> bool:
    """True if a value refers to a vault, rightly spelled or not."""
    return isinstance(value, str) and value.startswith(_BEGIN)


def references(secrets: Any) -> dict[Path, Reference]:
    """The rightly spelled references in the section `secrets`, by their paths in the stack file."""
    found = {path: _FORM.fullmatch(text) for path, text in texts(secrets, ("secrets",)) if is_reference(text)}
    return {
        path: Reference(**match.groupdict())
        for path, match in found.items()
        if match and not {".", ".."} & {match["mount"], *match["path"].split("/")}
    }


def filled(secrets: Any, vault: Vault | None) -> Filled:
    """The section `secrets` with the values of its references; without a vault they are only known to be set."""
    found = references(secrets)
    answers = vault(frozenset(found.values())) if vault and found else {}
    values = {str(each): text for each, text in answers.items() if isinstance(text, str)}

    def value(text: Any) -> Any:
        return values.get(text, ENCRYPTED) if is_reference(text) else text

    misspelt = (
        path for path, text in texts(secrets, ("secrets",)) if is_reference(text) and path not in found
    )
    what, fix = "must name mount, path and key of a secret in a vault", f"Write e.g. `{_EXAMPLE}`."
    problems = [Problem(spelled(path), what, fix) for path in misspelt]
    for path, each in found.items():
        if isinstance(why := answers.get(each), PandaInfraError):
            remedy = "See docs/rotate-a-secret.md, or put the value there."
            problems.append(Problem(spelled(path), f"refers to {each}, which {why}", remedy))
    return Filled(mapped(secrets, value), found, tuple(problems))
