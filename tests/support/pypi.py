"""Files of PyPI that tests read, by pip, each in one version with its hash; the cache keeps them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools import cache

__all__ = ["unpacked"]

_SECONDS = 900


def unpacked(requirements: Sequence[str], python: str, *, source: bool = False) -> Path:
    """The folder with the files of packages, which are not installed; the test is skipped if they cannot be had.

    Args:
        requirements: such as ``name==1.0 --hash=sha256:...``, without the packages that these need.
        python: a version of Python that the packages support.
        source: take source distributions in place of wheels.
    """
    text = "\n".join(requirements)
    folder = cache.root() / "pypi" / hashlib.sha256(f"{text}{source}".encode()).hexdigest()[:16]
    try:
        cache.publish(folder, lambda target: _fetch(text, python, target, source=source))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"PyPI's files cannot be had: {error.stderr.strip().splitlines()[-1]}")
    return folder


def _fetch(requirements: str, python: str, target: Path, *, source: bool) -> None:
    archives = target / ".archives"
    archives.mkdir()
    (archives / "requirements.txt").write_text(requirements)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
            *("--no-binary" if source else "--only-binary", ":all:", "--python-version", python),
            *("--dest", archives, "--requirement", archives / "requirements.txt"),
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    for file in archives.glob("*.whl"):
        with zipfile.ZipFile(file) as wheel:
            wheel.extractall(target)
    for file in archives.glob("*.tar.gz"):
        with tarfile.open(file) as archive:
            archive.extractall(target, filter="data")
    shutil.rmtree(archives)
