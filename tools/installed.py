"""Finds executables on PATH in a version that can be used instead of a build."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools import cache
from tools.parts import LANGUAGE_PYTHON, PULUMI, Executable, Part

Version = tuple[int, int, int]

# A program that does not print its version in this time is another one of the same name.
SECONDS_TO_ANSWER = 5


@dataclass(frozen=True)
class Installed:
    """An executable on PATH with the version that it prints, None if it prints none."""

    path: Path
    version: Version | None


def parse_version(text: str) -> Version | None:
    """The first `1.2.3` in a text."""
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def on_path(executable: Executable) -> Installed | None:
    """The executable on PATH, if any; this project's own builds do not count."""
    own = cache.root()
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if folder and not Path(folder).resolve().is_relative_to(own)
    ]
    found = shutil.which(executable.name, path=os.pathsep.join(folders))
    return Installed(Path(found), _version(Path(found), executable.ask)) if found else None


def find(part: Part) -> dict[str, Path] | None:
    """All executables of a part, by name, if PATH has each in a suitable version.

    The pinned minor version with the pinned or a later patch is suitable. A Pulumi CLI may also be newer, but needs
    its language host beside it. Plugins on PATH do not count, because Pulumi warns about them.
    """
    if part in (PULUMI, LANGUAGE_PYTHON):
        return _official_pulumi(part)
    if part.plugin:
        return None
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(on_path, part.executables))
    paths: dict[str, Path] = {}
    for executable, installed in zip(part.executables, found, strict=True):
        wanted = parse_version(executable.version)
        if installed is None or installed.version is None or wanted is None:
            return None
        if installed.version[:2] != wanted[:2] or installed.version < wanted:
            return None
        paths[executable.name] = installed.path
    return paths


def _official_pulumi(part: Part) -> dict[str, Path] | None:
    """An official CLI with its language host, which is in the folder of the CLI's resolved path."""
    (cli,) = PULUMI.executables
    installed, wanted = on_path(cli), parse_version(cli.version)
    if installed is None or installed.version is None or wanted is None:
        return None
    (name,) = [executable.name for executable in part.executables]
    path = installed.path.resolve().parent / name
    if installed.version[0] != wanted[0] or installed.version < wanted:
        return None
    host = installed.path.resolve().with_name("pulumi-language-python")
    return {name: path} if path.is_file() and host.is_file() else None


def _version(path: Path, ask: tuple[str, ...]) -> Version | None:
    """The version that an executable prints, asked once per state of its file, because large ones start slowly."""
    status = path.stat()
    key = f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}"
    memory = cache.root() / "installed-versions.json"
    try:
        known: dict[str, str] = json.loads(memory.read_text())
    except (OSError, ValueError):
        known = {}
    if key not in known:
        known[key] = _ask(path, ask)
        memory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=cache.TEMPORARY, dir=memory.parent) as scratch:
            new = Path(scratch, memory.name)
            new.write_text(json.dumps(known))
            new.replace(memory)
    return parse_version(known[key])


def _ask(path: Path, ask: tuple[str, ...]) -> str:
    try:
        result = subprocess.run(
            [path, *ask],
            capture_output=True,
            text=True,
            timeout=SECONDS_TO_ANSWER,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (result.stdout + result.stderr)[:200]
