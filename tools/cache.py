"""The cache folder: files that are made once per content and shared by all checkouts of a user."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import REPOSITORY
from tools.errors import ToolsError

TEMPORARY = ".tmp-"
# GitLab keeps only files inside the checkout between jobs; git and the checks ignore this folder.
IN_REPOSITORY = REPOSITORY / ".cache"

Report = Callable[[str], None]
"""Gets one line about progress for the user."""


def root() -> Path:
    """The cache folder: $PANDA_INFRA_CACHE, else the XDG cache's `panda-infra`. It need not exist yet.

    Raises:
        ToolsError: The folder is inside the repository but not in `.cache`, so its files would count as sources.
    """
    chosen = os.environ.get("PANDA_INFRA_CACHE")
    xdg = os.environ.get("XDG_CACHE_HOME")
    folder = Path(chosen) if chosen else (Path(xdg) if xdg else Path.home() / ".cache") / "panda-infra"
    folder = folder.expanduser().resolve()
    if folder.is_relative_to(REPOSITORY) and not folder.is_relative_to(IN_REPOSITORY):
        raise ToolsError(
            f"the cache folder {folder} lies inside the repository: set PANDA_INFRA_CACHE to another"
        )
    return folder


def add_files(digest: "hashlib._Hash", folder: Path) -> None:
    """Add the names and contents of all files below a folder to a digest."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(str(file.relative_to(folder)).encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())


@contextmanager
def locked(file: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the exclusive lock of a file, calling `waiting` once if another process has it.

    The kernel frees the lock when its holder dies, however it dies.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def publish(folder: Path, make: Callable[[Path], None], waiting: Callable[[], None] = lambda: None) -> None:
    """Make a folder once and atomically, even if several processes make it at the same time.

    Args:
        folder: The folder; its name identifies its content, so that an existing one is never made again.
        make: Fills the given temporary folder; its exceptions are passed on.
        waiting: Called if another process is working in the same parent folder.
    """
    if folder.exists():
        return
    with locked(folder.parent / ".lock", waiting):
        if folder.exists():
            return
        for stale in folder.parent.glob(f"{TEMPORARY}*"):  # left by a killed holder of the lock
            shutil.rmtree(stale)
        temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder.parent))
        try:
            temporary.chmod(0o755)
            make(temporary)
            temporary.rename(folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def replace_symlink(link: Path, target: Path) -> None:
    """Point a link at a target atomically; a correct link is not touched."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=link.parent) as folder:
        temporary = Path(folder) / link.name
        temporary.symlink_to(target)
        temporary.replace(link)
