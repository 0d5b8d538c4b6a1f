"""The files of a chart that Helm leaves out: those that `.helmignore` names, and editors' usual backups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

__all__ = ["helm_files"]

_BACKUPS = ("*~", "*.bak", "*.orig", "*.swp", "*.tmp")


@dataclass(frozen=True)
class _Rule:
    """One line of `.helmignore`, with Helm's semantics.

    A negated pattern ignores files that it does not match. A pattern with a slash matches the whole path, any other
    the name.
    """

    pattern: str
    negated: bool
    folders_only: bool

    @classmethod
    def read(cls, line: str) -> _Rule:
        text = line.removeprefix("!")
        return cls(text.rstrip("/") if text.endswith("/") else text, line.startswith("!"), text.endswith("/"))

    def ignores(self, path: PurePosixPath, *, is_folder: bool) -> bool:
        if self.negated:
            return (self.folders_only and not is_folder) or not self._matches(path)
        return (is_folder or not self.folders_only) and self._matches(path)

    def _matches(self, path: PurePosixPath) -> bool:
        if "/" not in self.pattern:
            return fnmatchcase(path.name, self.pattern)
        parts = self.pattern.removeprefix("/").split("/")
        # A star does not match a slash.
        return len(parts) == len(path.parts) and all(map(fnmatchcase, path.parts, parts))


def helm_files(chart: Path, below: str) -> Iterator[tuple[Path, bool]]:
    """Every file below a folder of a chart, with True if Helm ignores it."""
    file = chart / ".helmignore"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    rules = [_Rule.read(line) for line in (*wanted, *_BACKUPS)]
    for path in sorted((chart / below).rglob("*")):
        if path.is_file():
            yield path, _ignored(PurePosixPath(path.relative_to(chart).as_posix()), rules)


def _ignored(path: PurePosixPath, rules: list[_Rule]) -> bool:
    """Return whether a rule matches the file or a folder above it."""
    folders = [folder for folder in path.parents if folder.name]
    return any(rule.ignores(each, is_folder=each is not path) for each in (*folders, path) for rule in rules)
