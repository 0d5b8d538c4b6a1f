"""An official Pulumi CLI on PATH is used with its own language host and the plugins of the user's home.

Laid out as Pulumi's own installation lays it out, of the parts that were built here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed import stacks
from testbed.bed import Bed
from tools import doctor, toolchain
from tools.parts import PARTS

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_PLUGINS = {name: part for name, part in PARTS.items() if part.plugin}


@dataclass(frozen=True)
class Installation:
    cli: Path
    home: Path


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """The CLI and its companions in a folder on PATH, the plugins installed by it from files."""
    built = toolchain.ensure(["pulumi", *_PLUGINS])
    folder = tmp_path / "pulumi" / "bin"
    folder.mkdir(parents=True)
    for file in built.path("pulumi").parent.glob("pulumi*"):
        shutil.copy(file, folder)
    path = os.environ.get("PATH", os.defpath)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{path}")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    for part in _PLUGINS.values():
        (executable,) = part.executables
        install = ["pulumi", "plugin", "install", "resource", str(part.plugin), f"v{part.version}"]
        # The CLI takes a folder like an unpacked archive.
        unpacked = tmp_path / str(part.plugin)
        unpacked.mkdir()
        shutil.copy(built.path(executable.name), unpacked)
        subprocess.run([*install, "--file", str(unpacked)], check=True, capture_output=True, text=True)
    return Installation(folder / "pulumi", tmp_path / "home")


def test_it_is_found_and_runs_the_program(official: Installation, bed: Bed) -> None:
    found = toolchain.ensure(["pulumi", *_PLUGINS])
    assert found.path("pulumi") == official.cli
    assert found.home == official.home
    rows = {row.name: row.found for row in doctor.examine()}
    assert rows["pulumi"] == str(official.cli)
    assert rows["pulumi-language-python"] == str(official.cli.with_name("pulumi-language-python"))
    assert rows["pulumi-resource-kubernetes"].startswith(str(official.home))

    sections = {
        "panda-infra:namespace": "official",
        "panda-infra:components": {"msgsvc": {}},
        "panda-infra:hosts": {},
    }
    workspace = stacks.local(bed, bed.state / "stacks" / "official", sections)
    for run in (workspace.up(), workspace.up("--expect-no-changes"), workspace.destroy()):
        assert run.code == 0, run.text
        assert "warning:" not in run.text
