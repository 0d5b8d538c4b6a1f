"""What docs/add-a-component.md promises: with made-up parts, and no other change, all that the page names passes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import REPOSITORY

pytestmark = pytest.mark.long

_MADE_UP = REPOSITORY / "tests" / "made_up"
_SOURCES = {
    "panda_infra/products/panda/components/watchdog.py": "watchdog.py",
    "panda_infra/products/ctao/components/inventory.py": "inventory.py",
    "panda_infra/products/seismics/product.py": "product.py",
    "panda_infra/products/seismics/components/quake.py": "quake.py",
}
# Where the page has an author of a component of PanDA write; the text goes before, or to the end.
_CONTRACTS = {"secrets.yaml": "unused:\n", "readers.yaml": "  ui-envs:\n", "calls.yaml": ""}
_WRITTEN = ("tests/charts/contract.yaml", "docs/")
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*cache*", ".hypothesis", "__pycache__", "node_modules")
# What says something about every component; the others need a bed, or know no component.
_TESTS = (
    *(
        "adoption",
        "argocd",
        "charts",
        "cli",
        "config",
        "consumers",
        "delivery",
        "developers",
        "docs",
        "live",
        "migration",
    ),
    *("plan", "products", "review", "rules", "secrets", "stacks", "suite", "verify"),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with the parts."""
    folder = tmp_path_factory.mktemp("made-up") / "program"
    shutil.copytree(REPOSITORY, folder, symlinks=True, ignore=_LEFT_OUT)
    # Post-renderers are run by this name.
    (folder / ".venv").symlink_to(sys.prefix)
    _git(folder, "init", "--quiet")
    _commit(folder, "as it is")
    for target, source in _SOURCES.items():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_MADE_UP / source, folder / target)
    for package in ("", "components/"):
        (folder / f"panda_infra/products/seismics/{package}__init__.py").write_text('"""Made up."""\n')
    shutil.copytree(_MADE_UP / "chart", folder / "tests/charts/watchdog", symlinks=True)
    for name, before in _CONTRACTS.items():
        file = folder / "tests/contract" / name
        text, added = file.read_text(), (_MADE_UP / name).read_text()
        at = text.index(before) if before else len(text)
        file.write_text(text[:at] + added + text[at:])
    # Some tests ask git for files and a version.
    _commit(folder, "with the parts")
    return folder


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=made-up", "-c", "user.email=made-up@site.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message)


def _changed(folder: Path) -> list[str]:
    """The files that differ from those of the repository."""
    _git(folder, "add", "--all")
    return _git(folder, "diff", "--cached", "--name-only", "--no-renames", "HEAD~1").splitlines()


def test_made_up_parts_pass_with_no_other_change(copy: Path) -> None:
    _run(copy, "pytest", "-q", "tests/unit/charts", "--write-contract", "-k", "test_fixture_charts")
    _run(copy, "panda_infra.reference")
    made = {*_SOURCES, *(f"tests/contract/{name}" for name in _CONTRACTS)}
    package = ("panda_infra/products/seismics/", "tests/charts/watchdog/")
    assert [
        name for name in _changed(copy) if name not in made and not name.startswith((*package, *_WRITTEN))
    ] == []
    folders = [f"tests/unit/{name}" for name in _TESTS]
    _run(copy, "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", "not long", *folders)
