"""Settings that the stacks of a site share: ``sites/SITE.yaml``, which a stack file overrides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from panda_infra.config import stackfile
from panda_infra.config.messages import nearest, set_secret
from panda_infra.config.paths import Path, parsed, spelled
from panda_infra.config.stack import SITE_NAME
from panda_infra.config.stackfile import NAMESPACE, UnreadableError
from panda_infra.errors import Problem

__all__ = ["FOLDER", "Layers", "difference", "layered", "overlaid", "sites"]

FOLDER = "sites"


@dataclass(frozen=True)
class Layers:
    """The ``own`` sections of a stack file, over those of its site.

    ``file`` is the site's, relative to the stack file; None for a stack without a site. ``complete`` is false if the
    site that the stack names could not be read.
    """

    own: Mapping[str, Any] = field(repr=False)
    site: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    complete: bool = True

    @property
    def sections(self) -> dict[str, Any]:
        """The sections of both, merged."""
        # The engine refuses an empty section, so it must not remove the site's.
        empty = {name: None for name, section in self.own.items() if section is None}
        return overlaid(self.site, self.own) | empty

    def in_site(self, path: Path) -> bool:
        """True if the effective value at a path comes from the site's file alone."""
        own: Any = self.own
        site: Any = self.site
        for part in path:
            if isinstance(own, Mapping) and part in own:
                own = own[part]
                if not isinstance(own, Mapping):
                    return False
                site = site[part] if _has(site, part) else None
            elif _has(site, part):
                own, site = None, site[part]
            else:
                return False
        return own is None

    def located(self, problem: Problem) -> Problem:
        """The problem with the site's file before its key, if the wrong value comes from that file."""
        path = parsed(problem.where)
        if not path or not self.in_site(path):
            return problem
        fix = problem.fix.replace(f"`{NAMESPACE}:", "`")
        return Problem(f"{self.file}: {problem.where}", problem.what, fix, problem.awaits_site)


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` over ``below``: mappings merge, null removes what is below, and any other value replaces it."""
    result = dict(below)
    for key, value in above.items():
        under = below.get(key)
        if value is None and key in below:
            del result[key]
        elif isinstance(value, Mapping) and isinstance(under, Mapping):
            result[key] = overlaid(under, value)
        else:
            result[key] = value
    return result


def difference(below: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping that gives ``whole``, which contains no null, when laid over ``below``."""
    result: dict[str, Any] = {key: None for key in below if key not in whole}
    for key, value in whole.items():
        under = below.get(key)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            if under != value:
                result[key] = difference(under, value)
        elif key not in below or under != value:
            result[key] = value
    return result


def layered(own: Mapping[str, Any], folder: FilePath, *, stack: str) -> tuple[Layers, list[Problem]]:
    """The layers of a stack and the problems of its site.

    Args:
        own: the sections of the stack file.
        folder: the folder of the stack file.
        stack: its name, for the commands in fixes.
    """
    name = own.get("site")
    alone = Layers(own, complete=name is None)
    if not isinstance(name, str) or not re.fullmatch(SITE_NAME, name):
        return alone, []  # the model refuses the name
    if name not in sites(folder):
        return alone, [_unknown(name, sites(folder))]
    file = f"{FOLDER}/{name}.yaml"
    try:
        read, problems = stackfile.parse_site((folder / file).read_text(encoding="utf-8"))
    except UnreadableError as error:
        fix = "Write the file as YAML, e.g.\n      storage: {class: standard}"
        return alone, [Problem(f"{file}: {error.where}", error.what, fix)]
    except (OSError, UnicodeDecodeError):
        return alone, [Problem(file, "cannot be read as a file of UTF-8 text", "Save it as one.")]
    problems += _misplaced(read, stack)
    located = [Problem(f"{file}: {problem.where}", problem.what, problem.fix) for problem in problems]
    kept = {key: value for key, value in read.sections.items() if key not in ("secrets", "site")}
    return Layers(own, {key: value for key, value in kept.items() if ":" not in key}, file), located


def sites(folder: FilePath) -> tuple[str, ...]:
    """The sites that have a file in a project folder, by name."""
    return tuple(sorted(file.stem for file in (folder / FOLDER).glob("*.yaml")))


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def _unknown(name: str, known: tuple[str, ...]) -> Problem:
    near = nearest(name, known)
    what = f"there is no file {FOLDER}/{name}.yaml" + (f"; did you mean {near}?" if near else "")
    return Problem("site", what, f"Sites known here: {', '.join(known) or 'none'}.")


def _misplaced(read: stackfile.StackFile, stack: str) -> Iterator[Problem]:
    """A problem for each key or value that only a stack file may contain."""
    for key in read.sections:
        if key == "secrets":
            fix = f"Remove it, and run `{set_secret(stack, 'KEY')}` for each stack that needs one of them."
            yield Problem(key, "a site's file holds no secrets, each stack has its own", fix)
        elif key == "site":
            yield Problem(key, "a site cannot be that of another one", "Write its sections here.")
        elif ":" in key:
            plain = key.partition(":")[2]
            yield Problem(f'["{key}"]', "a site's file holds sections without a prefix", f"Write `{plain}`.")
    for path in sorted(read.encrypted, key=spelled):
        if path[0] != "secrets":
            fix = "Move it to its key below `secrets` of a stack file, or write it in plain text."
            yield Problem(spelled(path), "holds an encrypted value, which only stack files may", fix)
