"""The folder of an instance, and locks for its start and stop."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from testbed.errors import BedError

_OWNER = ".owner"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def root() -> Path:
    """The folder of all instances: ``$PANDA_INFRA_STATE``, else ``panda-infra`` in the XDG state home."""
    if own := os.environ.get("PANDA_INFRA_STATE"):
        return Path(own).expanduser().absolute()
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser().absolute() / "panda-infra"


def folder(name: str) -> Path:
    """The folder of the instance ``name``, which need not exist.

    Raises:
        BedError: the name is not valid as a folder and as part of a host name.
    """
    if not _NAME.fullmatch(name):
        raise BedError(
            f"test bed {name!r}: a name is 1 to 40 lower-case letters, digits and inner hyphens, like `local`"
        )
    return root() / name


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Serialises start and stop of one instance; the kernel releases it when its holder is killed."""
    with _held(folder(name).with_suffix(".lock")):
        yield


@contextmanager
def owned(name: str) -> Iterator[None]:
    """Ties an instance to this process: after the process is killed, ``abandoned`` yields the instance."""
    with _held(folder(name).with_suffix(_OWNER)):
        yield


def abandoned() -> Iterator[str]:
    """The instances whose owner was killed; each is forgotten when the caller requests the next."""
    for path in sorted(root().glob(f"*{_OWNER}")):
        with suppress(FileNotFoundError, BlockingIOError), path.open("r+") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_current(path, handle.fileno()):
                yield path.stem
                path.unlink()


@contextmanager
def _held(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BedError(
            f"{path.parent}: cannot be the folder of all instances ({error.strerror}): set PANDA_INFRA_STATE"
        ) from error
    while True:
        with path.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not _is_current(path, handle.fileno()):
                continue  # the previous holder has removed the locked file
            try:
                yield
            finally:
                path.unlink()
            return


def _is_current(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
