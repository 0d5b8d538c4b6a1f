"""The entry point: returns the executables of requested parts, and the environment to run them."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path

from tools import build, engine, installed
from tools.cache import Report
from tools.errors import ToolsError
from tools.parts import ENGINE, LANGUAGE_PYTHON, PARTS, PULUMI, Part


def to_stderr(line: str) -> None:
    """Show a line of progress."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Toolchain:
    """The requested parts, ready to run.

    Attributes:
        executables: The file of each executable, by its name (`kube-apiserver`, `helm`, `pulumi`, ...).
        home: PULUMI_HOME with the requested plugins, None if no part of the Pulumi engine was requested.
    """

    executables: Mapping[str, Path]
    home: Path | None

    def path(self, executable: str) -> Path:
        """The file of an executable.

        Raises:
            ToolsError: Its part was not requested.
        """
        try:
            return self.executables[executable]
        except KeyError:
            raise ToolsError(
                f"{executable} is not among the tools asked for: {', '.join(sorted(self.executables))}"
            ) from None

    def environment(self) -> dict[str, str]:
        """Variables to add to a process's environment so that it runs these tools.

        PATH begins with the Pulumi CLI and its language host, if they were requested.
        """
        if self.home is None:
            return {"PATH": engine.search_path(self.executables.values())}
        home = self.home
        commands = (path for path in self.executables.values() if not path.is_relative_to(home))
        return engine.environment(self.path("pulumi"), home, commands)


def select(names: Iterable[str]) -> list[Part]:
    """The parts of these names, in the order of building; without names all except those built on demand.

    Raises:
        ToolsError: A name is unknown.
    """
    wanted = set(names) or {name for name, part in PARTS.items() if not part.on_demand}
    if unknown := wanted - set(PARTS):
        raise ToolsError(f"unknown part {', '.join(sorted(unknown))}: the parts are {', '.join(PARTS)}")
    if any(part.name in wanted for part in ENGINE):
        wanted |= {PULUMI.name, LANGUAGE_PYTHON.name}
    return [part for part in PARTS.values() if part.name in wanted]


def ensure(parts: Iterable[str] = (), report: Report = to_stderr) -> Toolchain:
    """Find these parts on PATH or in the cache, and build those that are in neither.

    Args:
        parts: Names of parts (`tools.parts.PARTS`), if empty all except those built on demand. A Pulumi plugin
            includes the engine.
        report: Gets a line when a build begins, ends, or waits for another process.

    Raises:
        ToolsError: An unknown part, no suitable Go, or a build that failed.
    """
    go = once(build.find_go)  # needed only if something is not on PATH
    executables: dict[str, Path] = {}
    built: dict[str, Path] = {}
    selected = select(parts)
    plugins = [part for part in selected if part.plugin]
    for part in selected:
        if found := installed.find(part):
            executables |= found
        elif not part.plugin:
            built[part.name] = build.build(part, go(), report)
            executables |= {each.name: built[part.name] / each.name for each in part.executables}
    if PULUMI not in selected:
        return Toolchain(executables, None)

    def build_plugin(part: Part) -> Path:
        return build.build(part, go(), report)

    if PULUMI.name in built:
        folder = engine.together(built[PULUMI.name], built[LANGUAGE_PYTHON.name])
        executables |= {name: folder / name for name in ("pulumi", "pulumi-language-python")}
        home = engine.home_of_built(plugins, build_plugin)
    else:
        home = engine.home_of_official(executables["pulumi"], plugins, build_plugin)
    for part in plugins:
        file = engine.plugin_file(home, part)
        executables[file.name] = file
    return Toolchain(executables, home)
