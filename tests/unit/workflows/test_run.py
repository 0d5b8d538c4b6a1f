"""What CI runs for a change: the judge of data for what sites deploy, else everything."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools import REPOSITORY

_STACK, _SITE, _PAGE, _PICTURE = (
    "Pulumi.doma.yaml",
    "sites/cern.yaml",
    "docs/stacks/doma.md",
    "docs/local.svg",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit; its `make` prints the target."""
    folder = tmp_path / "checkout"
    (folder / ".ci").mkdir(parents=True)
    for name in ("run", "target"):
        shutil.copy(REPOSITORY / ".ci" / name, folder / ".ci")
    (folder / "Makefile").write_text("test check-stacks:\n\t@echo $@\n")
    _git(folder, "init", "--quiet")
    _commit(
        folder, {_STACK: "a", _SITE: "a", _PAGE: "a", _PICTURE: "a", "__main__.py": "a", "Pulumi.yaml": "a"}
    )
    return folder


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _commit(folder: Path, files: Mapping[str, str | None]) -> str:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "next")
    return _git(folder, "rev-parse", "HEAD")


def _made(folder: Path, *arguments: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    command = [str(folder / ".ci" / "run"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({_STACK: "b"}, "check-stacks"),
        ({_SITE: "b", _STACK: "b", _PAGE: "b", _PICTURE: "b"}, "check-stacks"),
        ({"Pulumi.new.yaml": "a", "docs/stacks/new.md": "a"}, "check-stacks"),
        ({_STACK: None, _PAGE: None}, "check-stacks"),
        ({"sites/new.yaml": "a"}, "check-stacks"),
        ({_STACK: "b", "__main__.py": "b"}, "test"),
        ({"Pulumi.yaml": "b"}, "test"),
        ({"docs/stacks.md": "a"}, "test"),
        ({"tests/samples/Pulumi.doma.yaml": "a"}, "test"),
        ({_STACK: None, "panda_infra/Pulumi.doma.yaml": "a"}, "test"),
        ({}, "test"),
    ],
)
def test_data_alone_is_judged_as_data(checkout: Path, files: Mapping[str, str | None], target: str) -> None:
    base = _git(checkout, "rev-parse", "HEAD")
    if files:
        _commit(checkout, files)
    assert _made(checkout, base) == target


def test_what_the_base_has_gained_meanwhile_does_not_count(checkout: Path) -> None:
    _git(checkout, "checkout", "--quiet", "-b", "change")
    change = _commit(checkout, {_STACK: "b"})
    _git(checkout, "checkout", "--quiet", "-b", "base", "HEAD~1")
    base = _commit(checkout, {"__main__.py": "b"})
    _git(checkout, "checkout", "--quiet", change)
    assert _made(checkout, base) == "check-stacks"


@pytest.mark.parametrize("base", [(), ("",), ("0" * 40,), ("nowhere",)])
def test_without_a_base_everything_runs(checkout: Path, base: tuple[str, ...]) -> None:
    _commit(checkout, {_STACK: "b"})
    assert _made(checkout, *base) == "test"
