"""Where an instance keeps its files, and who may start or stop it."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.errors import BedError

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
        BedError: the name cannot be a folder and part of a host name.
    """
    if not _NAME.fullmatch(name):
        raise BedError(
            f"test bed {name!r}: a name is 1 to 40 lower-case letters, digits and inner hyphens, like `local`"
        )
    return root() / name


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Serialises start and stop of one instance; the kernel releases it when its holder is killed."""
    path = folder(name).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        with path.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not _is_current(path, handle.fileno()):
                continue  # the previous holder removed the file that we waited for
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
