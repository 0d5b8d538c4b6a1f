"""Every command is tried with the bad input of the table: it ends in words, with its exit code, without a secret."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from panda_infra.reference.refusals import Row, rows
from panda_infra.stacks.document import compose
from tests.support import fast_yaml
from tests.support.api_server import kubeconfig
from tests.support.command_line import every_command, run_in
from tests.support.held import CANARY, check_words
from tests.support.stack_files import SAMPLES
from tests.unit.cli.conftest import SMALL
from tests.unit.migration.conftest import SiteCheckout
from tools import REPOSITORY
from tools.errors import ToolsError
from tools.toolchain import ensure

_ROWS = list(rows())
_UNREADABLE = Path("/proc/self/mem")  # whoever opens it gets an error at the first byte


def test_every_command_is_tried() -> None:
    commands = every_command()
    assert {row.command for row in _ROWS} == commands


class World:
    """A project with one stack in a backend, one of whose secrets is encrypted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **ensure(["pulumi"]).environment(),
            "HOME": str(folder),
            "KUBECONFIG": "",
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "right",
            "GITHUB_ACTIONS": "",
            "GITLAB_CI": "",
        }
        self.good = folder / "good"
        self.good.mkdir()
        (folder / "state").mkdir()
        (self.good / "Pulumi.yaml").write_text("name: panda-infra\nruntime: python\n")
        (self.good / "cric_jsons").symlink_to(REPOSITORY / "cric_jsons")
        document = kubeconfig({"server": "https://127.0.0.1:1"}, {"token": CANARY})
        (self.good / "kubeconfig").write_text(fast_yaml.dump(document))
        SiteCheckout(self.good / "checkout").values("panda", "dev", {"server": {}})
        sections = {**SMALL, "lifecycle": {"protect": False}}
        (self.good / "Pulumi.small.yaml").write_text(compose(sections, "A small stack."))
        self._pulumi("stack", "init", "small", "--no-select")
        key = "panda-infra:secrets.hashKey"
        self._pulumi("config", "set", "--secret", "--path", key, "--stack", "small", stdin=CANARY)

    def _pulumi(self, *arguments: str, stdin: str = "") -> None:
        subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.good,
            env=os.environ | self.environment,
            input=stdin,
            text=True,
            capture_output=True,
            check=True,
        )

    def project(self, files: Mapping[str, str | None]) -> Path:
        """A copy of the project with other files in it."""
        folder = self.folder / "project"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.good, folder, symlinks=True)
        for name, content in files.items():
            file = folder / name
            file.unlink(missing_ok=True)
            if content == "a folder":
                file.mkdir()
            elif content == "unreadable":
                file.symlink_to(_UNREADABLE)
            elif content is not None:
                is_hex = content.startswith("hex:")
                file.write_bytes(bytes.fromhex(content[4:]) if is_hex else content.encode())
        return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    try:
        yield World(tmp_path_factory.mktemp("world"))
    except ToolsError as error:
        pytest.skip(f"the engine is not available: {error}")


def _tried(world: World, row: Row) -> None:
    environment = {**world.environment, **row.environment}
    done = run_in(world.project(row.files), environment, *row.words, stdin=row.stdin.encode())
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == row.code, done.output
    # What a terminal's width breaks is one line again.
    reported = " ".join(done.output.replace("│", " ").split())
    assert row.says in reported, done.output
    check_words(done.output)


# In every run each command once, and one of them with everything; all of the table in the long one.
_FIRST = {row.command: row for row in reversed(_ROWS)} | {
    row.tried: row for row in _ROWS if row.command == "secrets render"
}


@pytest.mark.parametrize("row", {str(row): row for row in _FIRST.values()}.values(), ids=str)
def test_bad_input_ends_in_words(world: World, row: Row) -> None:
    _tried(world, row)


@pytest.mark.long
@pytest.mark.parametrize("row", _ROWS, ids=str)
def test_all_bad_input_ends_in_words(world: World, row: Row) -> None:
    _tried(world, row)


@pytest.mark.parametrize("closed", [True, False], ids=["a reader that went away", "a full disk"])
def test_a_result_that_cannot_be_written_ends_in_no_traceback(closed: bool) -> None:
    if closed:
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open("/dev/full", os.O_WRONLY)
    done = subprocess.run(
        [sys.executable, "-m", "panda_infra", "graph", "local"],
        cwd=SAMPLES.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert closed or "cannot be written: No space left on device" in done.stderr
