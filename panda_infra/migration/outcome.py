"""What a migration yields: a stack, and an account of everything that did not go into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from panda_infra.config.paths import Path

__all__ = ["Note", "Outcome"]


@dataclass(frozen=True, order=True)
class Note:
    """A value of the checkout that has no place in the stack file, and why. Never the value itself."""

    file: str
    key: str
    why: str


@dataclass
class Outcome:
    """The sections of a stack file and its secret values, as they are gathered.

    ``unplaced`` are values that a person has to look at; ``settled`` those that need no place, with the reason.
    ``cric_files`` are CRIC's JSON files by name, for the folder that the stack names.
    """

    sections: dict[str, Any] = field(default_factory=dict)
    secrets: dict[Path, str] = field(default_factory=dict, repr=False)
    cric_files: dict[str, bytes] = field(default_factory=dict)
    unplaced: list[Note] = field(default_factory=list)
    settled: list[Note] = field(default_factory=list)

    def put(self, path: Path, value: Any) -> None:
        """Set one plain value of the stack file, making the mappings above it."""
        target: dict[str, Any] = self.sections
        for part in path[:-1]:
            target = target.setdefault(str(part), {})
        target[str(path[-1])] = value

    def miss(self, file: str, key: str, why: str) -> None:
        """List a value that a person has to look at."""
        self.unplaced.append(Note(file, key, why))

    def settle(self, file: str, key: str, why: str) -> None:
        """List a value that needs no place."""
        self.settled.append(Note(file, key, why))
