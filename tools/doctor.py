"""A table of what is there, in which version, and what is wanted."""

import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import build, engine, installed, versions
from tools.errors import ToolsError
from tools.parts import LANGUAGE_PYTHON, PARTS, PULUMI, Executable, Part


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: The executable.
        found: Where it is, or what will happen.
        version: What was found, `-` if nothing.
        wanted: The pinned version, or the oldest that will do.
        usable: False if it is needed and cannot be had.
    """

    name: str
    found: str
    version: str
    wanted: str
    usable: bool


def examine() -> list[Row]:
    """Look at Python, Go and every executable of every part; nothing is built."""
    rows = [_python()]
    wanted = _at_least(versions.GO_MINIMUM)
    try:
        go = build.find_go()
        rows.append(Row("go", str(go.executable), go.identity.split()[0], wanted, True))
    except ToolsError as error:
        go = None
        # Without parts to build, Go is not needed; the parts' own rows tell.
        rows.append(Row("go", str(error), "-", wanted, True))
    for part in PARTS.values():
        rows.extend(_part(part, go))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text with a heading."""
    lines = [("TOOL", "VERSION", "WANTED", "FOUND"), *((r.name, r.version, r.wanted, r.found) for r in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]])
        for line in lines
    )


def _python() -> Row:
    # An older one would not have come this far.
    return Row("python", sys.executable, platform.python_version(), _at_least(versions.PYTHON_MINIMUM), True)


def _part(part: Part, go: build.Go | None) -> Iterator[Row]:
    on_path = installed.find(part)
    in_home = _users_plugin(part)
    folder = build.folder_of(part, go) if go else None
    for executable in part.executables:
        wanted = executable.version
        if on_path:
            # An official language host is its CLI's, and tells no version.
            (teller,) = PULUMI.executables if part is LANGUAGE_PYTHON else (executable,)
            yield Row(executable.name, str(on_path[executable.name]), _version_on_path(teller), wanted, True)
        elif in_home:
            yield Row(executable.name, str(in_home), wanted, wanted, True)
        elif folder and folder.exists():
            yield Row(executable.name, f"cache ({folder})", wanted, wanted, True)
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
