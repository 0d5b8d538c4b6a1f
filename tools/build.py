"""Builds one part with Go, once per stamp, into the cache folder."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools import cache, versions
from tools.errors import ToolsError
from tools.parts import ModuleFiles, Part

# The last lines of a failed build contain the reason; the rest are downloads.
LINES_OF_FAILURE = 20


@dataclass(frozen=True)
class Go:
    """The Go compiler: its executable, and its identity for stamps (`go1.26.8 linux amd64 1`)."""

    executable: Path
    identity: str

    def run(self, folder: Path, *arguments: str) -> str:
        """Run go in a module's folder and return its standard output.

        Raises:
            ToolsError: It failed; the message ends with its last lines.
        """
        command = [str(self.executable), *arguments]
        result = subprocess.run(
            command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
        )
        if result.returncode:
            lines = (result.stdout + result.stderr).strip().splitlines()[-LINES_OF_FAILURE:]
            raise ToolsError("\n".join([f"`go {arguments[0]}` failed in {folder}:", *lines]))
        return result.stdout


def environment() -> dict[str, str]:
    """The user's environment without settings that could make a build differ from its go.mod and go.sum."""
    return {
        **os.environ,
        "GOFLAGS": "-buildvcs=false",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
    }


def find_go() -> Go:
    """The Go on PATH.

    Raises:
        ToolsError: There is none, or it is too old.
    """
    wanted = ".".join(map(str, versions.GO_MINIMUM))
    executable = shutil.which("go")
    if executable is None:
        raise ToolsError(f"Go is not on PATH: install Go {wanted} or newer, it builds what is not installed")
    go = Go(Path(executable), "")
    identity = " ".join(go.run(Path.cwd(), "env", "GOVERSION", "GOOS", "GOARCH", "CGO_ENABLED").split())
    found = re.match(r"go(\d+)\.(\d+)", identity)
    if found is None or tuple(map(int, found.groups())) < versions.GO_MINIMUM:
        raise ToolsError(f"{executable} is {identity or 'no Go'}: Go {wanted} or newer is needed")
    return Go(Path(executable), identity)


def stamp(part: Part, go: Go) -> str:
    """A name for the result of a build: a hash of all its inputs."""
    digest = hashlib.sha256()
    for text in (go.identity, *_arguments(part), repr(part.embedded), repr(part.beside)):
        digest.update(text.encode() + b"\0")
    cache.add_files(digest, part.folder)
    return digest.hexdigest()[:16]


def folder_of(part: Part, go: Go) -> Path:
    """The folder for the part's executables, built or not."""
    return cache.root() / "tools" / part.name / stamp(part, go)


def build(part: Part, go: Go, report: cache.Report) -> Path:
    """The folder with the part's executables, built if it is missing.

    Raises:
        ToolsError: The build failed; nothing of it is left.
    """

    def make(folder: Path) -> None:
        report(f"{part.name} {part.version}: building")
        begin = time.monotonic()
        try:
            _compile(part, go, folder)
        except ToolsError as error:
            raise ToolsError(f"{part.name} {part.version} cannot be built: {error}") from error
        report(f"{part.name} {part.version}: built in {time.monotonic() - begin:.0f} s")

    folder = folder_of(part, go)
    cache.publish(folder, make, lambda: report(f"{part.name} {part.version}: waiting for another build"))
    return folder


def _arguments(part: Part) -> list[str]:
    variables = [f"-X {name}={value}" for name, value in part.variables.items()]
    return ["-trimpath", "-ldflags", " ".join(["-s -w", *variables]), part.package]


def _compile(part: Part, go: Go, folder: Path) -> None:
    """Build into a folder: the first executable, links to it under the other names, and the files beside them."""
    main, *others = [executable.name for executable in part.executables]
    with tempfile.TemporaryDirectory() as scratch:
        overlay = _overlay(part, go, part.embedded, Path(scratch)) if part.embedded else []
        go.run(part.folder, "build", "-mod=readonly", *overlay, "-o", str(folder / main), *_arguments(part))
    for name in others:
        (folder / name).symlink_to(main)
    for source in _module_files(part, go, part.beside) if part.beside else []:
        copied = shutil.copyfile(source, folder / source.name)
        copied.chmod(0o755)


def _overlay(part: Part, go: Go, embedded: ModuleFiles, scratch: Path) -> list[str]:
    """Compiler arguments that overlay a module's files onto the part's own folder, where main embeds them."""
    sources = _module_files(part, go, embedded)
    file = scratch / "overlay.json"
    shown = {str(part.folder / source.name): str(source) for source in sources}
    file.write_text(json.dumps({"Replace": shown}))
    return ["-overlay", str(file)]


def _module_files(part: Part, go: Go, wanted: ModuleFiles) -> list[Path]:
    downloaded = json.loads(go.run(part.folder, "mod", "download", "-json", wanted.module))
    return [Path(downloaded["Dir"]) / file for file in wanted.files]
