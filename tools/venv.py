"""Virtualenvs with locked packages, made once per lock and Python in the cache folder."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from tools import REPOSITORY, cache
from tools.build import LINES_OF_FAILURE
from tools.errors import ToolsError

# The packages for development: those of the program, its tests and its checks.
LOCK = REPOSITORY / "requirements-dev.lock"
LINK = REPOSITORY / ".venv"

# The lock is complete, so there is nothing to resolve; modules are compiled at their first import.
_INSTALL = ("install", "--quiet", "--require-hashes", "--no-deps", "--no-compile", "-r")

# Scripts in a virtualenv contain the absolute path of its interpreter, so it cannot be made elsewhere and moved. This
# file, written last, distinguishes a complete one from the remains of an interrupted run.
COMPLETE = "complete"


def folder_of(lock: Path, name: str) -> Path:
    """The folder of the virtualenv with this lock's packages, made or not.

    Raises:
        ToolsError: There is no such lock.
    """
    try:
        content = lock.read_bytes()
    except FileNotFoundError:
        raise ToolsError(f"the lock {lock} does not exist: `make lock` writes it") from None
    identity = f"{platform.python_implementation()} {sys.version} {platform.machine()} {sys.base_prefix}"
    recipe = " ".join((identity, *_INSTALL)).encode()
    digest = hashlib.sha256(content + b"\0" + recipe).hexdigest()[:16]
    return cache.root() / "venvs" / name / digest


# Checkouts with the same lock share a virtualenv, so a script runs the code of the checkout where it is called.
_SCRIPT = """\
#!{python}
import sys
from pathlib import Path

here = Path.cwd()
checkout = next((each for each in (here, *here.parents) if (each / {package!r}).is_dir()), None)
if checkout is None:
    sys.exit(f"{name}: {{here}} is not in a checkout of panda-infra: change into one")
sys.path.insert(0, str(checkout))
from {module} import {function}

sys.exit({function}())
"""


def ensure(lock: Path, name: str, report: cache.Report) -> Path:
    """A virtualenv with exactly the locked packages, each checked against its hashes.

    Args:
        lock: A file of pinned requirements with hashes and nothing left to resolve.
        name: The kind of virtualenv; different kinds do not wait for each other.
        report: Gets a line when the work begins, ends, or waits for another process.

    Returns:
        The virtualenv's folder; its interpreter is `bin/python`.

    Raises:
        ToolsError: The packages cannot be installed.
    """
    folder = folder_of(lock, name)
    if (folder / COMPLETE).exists():
        return folder
    with cache.locked(folder.parent / ".lock", lambda: report(f"virtualenv {name}: waiting for another run")):
        if not (folder / COMPLETE).exists():
            report(f"virtualenv {name}: installing {lock.name}")
            begin = time.monotonic()
            _make(folder, lock)
            report(f"virtualenv {name}: installed in {time.monotonic() - begin:.0f} s")
    return folder


def link(folder: Path, at: Path = LINK) -> None:
    """Link a virtualenv into the repository.

    Raises:
        ToolsError: Another file, such as a virtualenv made by hand, is in the way.
    """
    if at.exists() and not at.is_symlink():
        raise ToolsError(f"{at} is not a link: remove it, the virtualenv lies in the cache folder")
    cache.replace_symlink(at, folder)


def write_scripts(folder: Path, project: Path = REPOSITORY / "pyproject.toml") -> None:
    """Write scripts for a project's declared commands into the `bin` of a virtualenv."""
    declared: dict[str, str] = tomllib.loads(project.read_text())["project"]["scripts"]
    for name, target in declared.items():
        module, _, function = target.partition(":")
        file = folder / "bin" / name
        text = _SCRIPT.format(
            python=folder / "bin" / "python",
            name=name,
            package=module.partition(".")[0],
            module=module,
            function=function,
        )
        if file.exists() and file.read_text() == text:
            continue
        temporary = file.with_name(f"{cache.TEMPORARY}{name}-{os.getpid()}")
        temporary.write_text(text)
        temporary.chmod(0o755)
        temporary.replace(file)


def _make(folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _run("python3 -m venv (Debian has it in python3-venv)", sys.executable, "-m", "venv", str(folder))
        # Its own pip stays in it, because an official language host calls it before every command.
        pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
        _run(f"pip install -r {lock.name}", *pip, *_INSTALL, str(lock))
        (folder / COMPLETE).touch()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _run(what: str, *command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        lines = (result.stdout + result.stderr).strip().splitlines()[-LINES_OF_FAILURE:]
        raise ToolsError("\n".join([f"{what} failed:", *lines]))
