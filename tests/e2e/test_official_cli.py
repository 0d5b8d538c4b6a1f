"""An official Pulumi CLI on PATH is used with its own language host and the plugins of the user's home.

Laid out as Pulumi's own installation lays it out, of the parts that were built here; a server of the test is Pulumi's
download site.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from testbed import stacks
from testbed.bed import Bed
from tests.support import fast_yaml
from tests.support.documented import documented
from tests.support.pages import Command
from tests.support.serving import serving
from tools import REPOSITORY, cache, doctor, toolchain
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
    assert doctor.verdict(doctor.examine()) == "Pulumi: official."

    sections = {
        "panda-infra:namespace": "official",
        "panda-infra:components": {"msgsvc": {}},
        "panda-infra:hosts": {},
    }
    workspace = stacks.local(bed, bed.state / "stacks" / "official", sections)
    for run in (workspace.up(), workspace.up("--expect-no-changes"), workspace.destroy()):
        assert run.code == 0, run.text
        assert "warning:" not in run.text


# What a site has of a checkout; the rest is of the test bed and of those who change the program.
_CHECKOUT = ("Pulumi.yaml", "__main__.py", "requirements.txt", "requirements.lock", "Makefile")
_FOLDERS = ("panda_infra", "policy", "cric_jsons", "sites", "tools")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Site:
    """A checkout on a machine with nothing but Python and Pulumi's CLI."""

    folder: Path
    environment: dict[str, str]

    def run(self, command: Command, *more: str) -> str:
        """What a command prints that must work."""
        words = [*command.words, *more]
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The CLI on PATH, nothing in its home, and a server in place of Pulumi's download site."""
    built = toolchain.ensure(["pulumi", *_PLUGINS])
    checkout, cli, offered = (tmp_path / name for name in ("checkout", "pulumi", "offered"))
    for folder in (checkout, cli, offered):
        folder.mkdir()
    for file in built.path("pulumi").parent.glob("pulumi*"):
        shutil.copy(file, cli)
    for part in _PLUGINS.values():
        (executable,) = part.executables
        target = f"linux-{_ARCHITECTURES[platform.machine()]}"
        archive = offered / f"{executable.name}-v{part.version}-{target}.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
            packed.add(built.path(executable.name).resolve(), executable.name)
    for name in _CHECKOUT:
        shutil.copy(REPOSITORY / name, checkout)
    for name in _FOLDERS:
        shutil.copytree(REPOSITORY / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PULUMI", "PYTHON", "PANDA_INFRA", "VIRTUAL_ENV"))
    }
    own = cache.root().resolve()
    path = [
        folder
        for folder in inherited.get("PATH", os.defpath).split(os.pathsep)
        if not Path(folder).resolve().is_relative_to(own)
    ]
    (tmp_path / "state").mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(offered))

    with serving(Handler) as port:
        yield Site(
            checkout,
            inherited
            | {
                "PATH": os.pathsep.join([str(checkout / ".venv" / "bin"), str(cli), *path]),
                "PULUMI_HOME": str(tmp_path / "home"),
                "PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES": f".*=http://127.0.0.1:{port}",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
                "PULUMI_CONFIG_PASSPHRASE": "correct horse",
                "PANDA_INFRA_CACHE": str(tmp_path / "cache"),
            },
        )


def test_a_site_deploys_with_what_pulumi_ships(site: Site, bed: Bed) -> None:
    site.run(documented("pulumi install"))
    assert "Pulumi: official.\n" in site.run(documented("make doctor"))
    name = {"STACK": "shipped"}
    options = ["-e", "dev", "--kubeconfig", str(bed.kubeconfig), "--storage-class", "standard"]
    options += ["--namespace", "shipped", "--component", "msgsvc", "--make-certificates"]
    site.run(documented("python -m panda_infra init STACK", name), *options)
    file = site.folder / "Pulumi.shipped.yaml"
    document = fast_yaml.load(file.read_text())
    document["config"] |= {
        "panda-infra:charts": stacks.on_bed(bed)["panda-infra:charts"],
        "panda-infra:lifecycle": {"protect": False},
    }
    file.write_text(fast_yaml.dump(document))
    preview = documented("pulumi preview --policy-pack policy --stack STACK", name)
    up = documented("pulumi up --policy-pack policy --stack STACK", name)
    assert "to create" in site.run(preview, "--non-interactive")
    site.run(up, "--yes", "--non-interactive")
    site.run(up, "--yes", "--non-interactive", "--expect-no-changes")
    assert "msgsvc" in site.run(documented("python -m panda_infra status STACK", name))
    site.run(Command("", "", ("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "shipped")))
