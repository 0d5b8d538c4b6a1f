"""The result of a migration: a stack, and notes on everything that did not go into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from panda_infra.config.paths import Path, spelled
from panda_infra.tree import put

__all__ = ["Note", "Outcome"]


@dataclass(frozen=True, order=True)
class Note:
    """A key of the checkout that has no place in the stack file, with the reason; never its value."""

    file: str
    key: str
    why: str


@dataclass
class Outcome:
    """The sections of a stack file and its secret values, filled step by step.

    ``unplaced`` are values that a person must look at; ``settled`` are values that need no place; ``unresolved`` are
    references and ciphertexts, with which nothing is imported. ``project_files`` are files of the project by the
    key of the stack file that names their folder, then by their names. ``read`` are the values files of the secrets
    chart that were read, ``origins`` the file and key of each value of the stack.
    """

    sections: dict[str, Any] = field(default_factory=dict)
    secrets: dict[Path, str] = field(default_factory=dict, repr=False)
    project_files: dict[Path, dict[str, bytes]] = field(default_factory=dict)
    unplaced: list[Note] = field(default_factory=list)
    settled: list[Note] = field(default_factory=list)
    unresolved: list[Note] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    origins: dict[Path, tuple[str, str]] = field(default_factory=dict)

    def put(self, path: Path, value: Any, *, origin: tuple[str, str] | None = None) -> None:
        """Set one plain value of the stack file, and make the mappings above it."""
        if origin:
            self.origins[path] = origin
        put(self.sections, path, value)

    def keep(self, path: Path, value: str, *, origin: tuple[str, str]) -> None:
        """Set one secret value of the stack."""
        self.secrets[path] = value
        self.origins["secrets", *path] = origin

    def drop(self, path: Path, why: str) -> None:
        """Remove a secret value and note it for a person."""
        del self.secrets[path]
        self.miss(*self.origin(("secrets", *path)), why)

    def origin(self, path: Path) -> tuple[str, str]:
        """The file and key from which a value of the stack, or the nearest one above it, came."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                file, key = self.origins[path[:length]]
                return file, key + "".join(f".{part}" for part in path[length:])
        return "the new stack", spelled(path)

    def miss(self, file: str, key: str, why: str) -> None:
        """Note a value that a person must look at."""
        self.unplaced.append(Note(file, key, why))

    def settle(self, file: str, key: str, why: str) -> None:
        """Note a value that needs no place."""
        self.settled.append(Note(file, key, why))
