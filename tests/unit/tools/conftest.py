"""A machine of its own for each test: an empty PATH but for a `go` that compiles nothing."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools import parts

# Behaves by the files in its folder: `fail` makes a build fail, `hold` makes it wait until that is gone.
FAKE_GO = r"""#!/bin/sh
here=${0%/*}
case "$1" in
env)
    read -r version < "$here/version"
    printf '%s\nlinux\namd64\n1\n' "$version"
    ;;
mod)
    printf '{"Dir": "%s"}' "$here/module"
    ;;
build)
    printf '%s\n' "$*" >> "$here/builds"
    printf '%s\n' "GOFLAGS=$GOFLAGS GOWORK=$GOWORK" > "$here/settings"
    while [ "$1" != -o ]; do shift; done
    : > "$2"
    while [ -e "$here/hold" ]; do /bin/sleep 0.02; done
    if [ -e "$here/fail" ]; then
        line=0
        while [ $line -lt 100 ]; do line=$((line + 1)); echo "compiler line $line" >&2; done
        exit 1
    fi
    printf '#!/bin/sh\n' > "$2"
    /bin/chmod +x "$2"
    ;;
esac
"""


@dataclass(frozen=True)
class Workshop:
    """Where a test's tools come from and go to."""

    bin: Path
    cache: Path
    modules: Path
    home: Path

    def install(self, name: str, version: str, folder: Path | None = None, script: str = "") -> Path:
        """Put an executable on PATH, or elsewhere, that prints a version and counts how often it is asked."""
        file = (folder or self.bin) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\necho asked >> "$0.asked"\n{script}\necho "{name} v{version}"\n')
        file.chmod(0o755)
        return file

    def builds(self) -> list[str]:
        """The command lines of the builds so far."""
        log = self.bin / "builds"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    made = Workshop(tmp_path / "bin", tmp_path / "cache", tmp_path / "modules", tmp_path / "home")
    module = made.bin / "module"
    for part in parts.PARTS.values():
        folder = made.modules / part.name
        folder.mkdir(parents=True)
        for name in ("go.mod", "go.sum", "main.go"):
            (folder / name).write_text(f"{name} of {part.name}\n")
        for file in part.beside.files if part.beside else ():
            (module / file).parent.mkdir(parents=True, exist_ok=True)
            (module / file).write_text("beside")
    module.mkdir(parents=True, exist_ok=True)
    made.home.mkdir()
    (made.bin / "go").write_text(FAKE_GO)
    (made.bin / "go").chmod(0o755)
    (made.bin / "version").write_text("go1.26.3\n")
    for name in os.environ:
        if name.startswith(("PULUMI_", "XDG_", "GO")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(parts, "MODULES", made.modules)
    monkeypatch.setenv("PANDA_INFRA_CACHE", str(made.cache))
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("HOME", str(made.home))
    return made
