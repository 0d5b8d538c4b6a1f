"""A table of the tools with their versions, wanted versions and origins, and a sentence on which Pulumi is used."""

import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import build, cache, engine, installed, versions
from tools.errors import ToolsError
from tools.parts import ENGINE, LANGUAGE_PYTHON, PARTS, PULUMI, Executable, Part

OFFICIAL, BUILT = "official", "built here"
_HERE = "installed"  # on this machine, not by this project
_NOWHERE = "-"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: The executable.
        found: Its path, or what will happen.
        version: The found version, `-` if there is none.
        wanted: The pinned version, or the oldest accepted one.
        usable: False if it is needed but cannot be found or built.
        origin: `official` for Pulumi's own builds, `installed` for others, or `built here`.
    """

    name: str
    found: str
    version: str
    wanted: str
    usable: bool
    origin: str = _NOWHERE


def examine() -> list[Row]:
    """Look at Python, Go and every executable of every part; nothing is built."""
    rows = [_python()]
    wanted = _at_least(versions.GO_MINIMUM)
    try:
        go = build.find_go()
        rows.append(Row("go", str(go.executable), go.identity.split()[0], wanted, True, _HERE))
    except ToolsError as error:
        go = None
        # Go is needed only to build parts; their own rows show that.
        rows.append(Row("go", str(error), "-", wanted, True))
    for part in PARTS.values():
        rows.extend(_part(part, go))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text with a heading."""
    lines = [
        ("TOOL", "VERSION", "WANTED", "ORIGIN", "FOUND"),
        *((r.name, r.version, r.wanted, r.origin, r.found) for r in rows),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[4]])
        for line in lines
    )


def ready(rows: Sequence[Row]) -> bool:
    """Return whether all tools for a deployment exist or can be built; the test bed and the checks need more."""
    return all(row.usable for row in _engine(rows))


def verdict(rows: Sequence[Row]) -> str:
    """A sentence on the origin of the Pulumi that runs the program, or on how to get one."""
    parts = _engine(rows)
    origins = {row.origin for row in parts}
    if not ready(rows):
        missing = ", ".join(row.name for row in parts if not row.usable)
        return (
            f"Pulumi: {missing} missing. Install Pulumi's CLI and run `pulumi install`; "
            f"where its download site cannot be reached, install Go and run `make tools`."
        )
    if origins == {OFFICIAL}:
        return "Pulumi: official."
    if OFFICIAL in origins:
        rest = ", ".join(row.name for row in parts if row.origin != OFFICIAL)
        return (
            f"Pulumi: official, but for what is built here: {rest}. `pulumi install` gets the official ones."
        )
    return "Pulumi: built here, since there is no official CLI on PATH in a suitable version."


def _engine(rows: Sequence[Row]) -> list[Row]:
    names = {executable.name for part in ENGINE for executable in part.executables}
    return [row for row in rows if row.name in names]


def _python() -> Row:
    # An older one would have failed before.
    return Row(
        "python", sys.executable, platform.python_version(), _at_least(versions.PYTHON_MINIMUM), True, _HERE
    )


def _part(part: Part, go: build.Go | None) -> Iterator[Row]:
    on_path = installed.find(part)
    in_home = _users_plugin(part)
    folder = build.folder_of(part, go) if go else None
    for executable in part.executables:
        wanted = executable.version
        if on_path:
            # An official language host belongs to its CLI, and prints no version.
            (teller,) = PULUMI.executables if part is LANGUAGE_PYTHON else (executable,)
            origin = OFFICIAL if part in ENGINE else _HERE
            found = str(on_path[executable.name])
            yield Row(executable.name, found, _version_on_path(teller), wanted, True, origin)
        elif in_home:
            # A home that was made here contains links to builds.
            origin = BUILT if in_home.resolve().is_relative_to(cache.root()) else OFFICIAL
            yield Row(executable.name, str(in_home), wanted, wanted, True, origin)
        elif folder and folder.exists():
            yield Row(executable.name, f"cache ({folder})", wanted, wanted, True, BUILT)
        elif folder:
            yield Row(executable.name, "will be built when needed", "-", wanted, True)
        else:
            yield Row(executable.name, "missing, and cannot be built", "-", wanted, part.on_demand)


def _users_plugin(part: Part) -> Path | None:
    """A plugin that an official CLI will find in the user's own PULUMI_HOME."""
    if part.plugin is None or installed.find(PULUMI) is None:
        return None
    file = engine.plugin_file(engine.users_home(), part)
    return file if file.exists() else None


def _version_on_path(executable: Executable) -> str:
    found = installed.on_path(executable)
    return ".".join(map(str, found.version)) if found and found.version else executable.version


def _at_least(version: tuple[int, ...]) -> str:
    return f">= {'.'.join(map(str, version))}"
