import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.tools.conftest import Workshop
from tools import venv, versions
from tools.errors import ToolsError


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.lock"
    file.write_text("one==1\n")
    return file


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Records what would be run, and makes the folder as `python -m venv` does."""
    ran: list[tuple[str, ...]] = []

    def run(_: str, *command: str) -> None:
        ran.append(command)
        if command[1:3] == ("-m", "venv"):
            Path(command[3], "bin").mkdir(parents=True)

    monkeypatch.setattr(venv, "_run", run)
    return ran


def ensure(lock: Path, report: Callable[[str], None] = lambda _: None) -> Path:
    return venv.ensure(lock, "test", report)


def test_a_virtualenv_is_made_once(workshop: Workshop, lock: Path, commands: list[tuple[str, ...]]) -> None:
    lines: list[str] = []
    folder = ensure(lock, lines.append)
    assert ensure(lock) == folder
    assert folder.is_relative_to(workshop.cache / "venvs" / "test")
    make, install = commands
    assert make == (sys.executable, "-m", "venv", str(folder))
    assert "--require-hashes" in install
    assert str(lock) in install
    assert len(lines) == 2


def test_this_virtualenv_answers_an_official_language_host() -> None:
    """Which finds the plugins of a program by the packages that pip lists, and gives up without pip."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format", "json"], capture_output=True, text=True, check=True
    )
    found = {each["name"].replace("_", "-"): each["version"] for each in json.loads(listed.stdout)}
    assert found["pulumi-kubernetes"] == versions.PULUMI_KUBERNETES
    assert found["pulumi-openstack"] == versions.PULUMI_OPENSTACK


@pytest.mark.usefixtures("workshop")
def test_another_lock_or_name_is_another_virtualenv(lock: Path) -> None:
    before = venv.folder_of(lock, "test")
    assert venv.folder_of(lock, "other") != before
    lock.write_text("one==2\n")
    assert venv.folder_of(lock, "test") != before


@pytest.mark.usefixtures("workshop")
def test_a_lock_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ToolsError, match="make lock"):
        ensure(tmp_path / "none.lock")


@pytest.mark.usefixtures("workshop")
def test_what_an_interrupted_run_left_is_made_anew(lock: Path, commands: list[tuple[str, ...]]) -> None:
    left = venv.folder_of(lock, "test") / "bin" / "half"
    left.parent.mkdir(parents=True)
    left.touch()
    folder = ensure(lock)
    assert not left.exists()
    assert (folder / venv.COMPLETE).exists()
    assert commands


@pytest.mark.usefixtures("workshop")
def test_a_failed_installation_leaves_nothing(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = "import sys; [print('line', n) for n in range(100)]; sys.exit(1)"
    run = venv._run
    monkeypatch.setattr(venv, "_run", lambda what, *_: run(what, sys.executable, "-c", failing))
    with pytest.raises(ToolsError) as caught:
        ensure(lock)
    first, *lines = str(caught.value).splitlines()
    assert "python3-venv" in first
    assert lines == [f"line {number}" for number in range(80, 100)]
    assert not venv.folder_of(lock, "test").exists()


def test_the_link_follows_the_virtualenv(tmp_path: Path) -> None:
    at = tmp_path / ".venv"
    for folder in (tmp_path / "old", tmp_path / "new"):
        folder.mkdir()
        venv.link(folder, at)
        assert at.readlink() == folder


def test_a_link_never_replaces_a_folder(tmp_path: Path) -> None:
    at = tmp_path / ".venv"
    at.mkdir()
    with pytest.raises(ToolsError, match="is not a link"):
        venv.link(tmp_path / "new", at)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A command of a project, in the virtualenv that its checkouts share."""
    project = tmp_path / "pyproject.toml"
    project.write_text('[project.scripts]\nsome-name = "some_package.main:run"\n')
    folder = tmp_path / "shared"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    venv.write_scripts(folder, project)
    return folder / "bin" / "some-name"


def call(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([script], cwd=folder, capture_output=True, text=True, check=False)


def test_a_script_runs_the_code_of_the_checkout_that_it_is_called_in(tmp_path: Path, script: Path) -> None:
    for name in ("one", "other"):
        package = tmp_path / name / "some_package"
        package.mkdir(parents=True)
        (package / "main.py").write_text(f"def run():\n    print({name!r})\n    return 3\n")
        done = call(script, package)
        assert (done.stdout, done.returncode) == (f"{name}\n", 3)


def test_a_script_outside_of_a_checkout_ends_in_words(tmp_path: Path, script: Path) -> None:
    done = call(script, tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"some-name: {tmp_path} is not in a checkout of panda-infra: change into one\n"


def test_a_script_that_is_current_is_left_alone(tmp_path: Path, script: Path) -> None:
    before = script.stat().st_ino
    venv.write_scripts(script.parents[1], tmp_path / "pyproject.toml")
    assert script.stat().st_ino == before
