"""The cache folder: what is made once per content and then shared by every checkout of one user."""

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
# GitLab keeps between jobs only what lies inside the checkout; git and the checks leave this folder alone.
IN_REPOSITORY = REPOSITORY / ".cache"

Report = Callable[[str], None]
"""Takes one line about progress for the user."""


def root() -> Path:
    """The cache folder: $PANDA_INFRA_CACHE, else the XDG cache's `panda-infra`. It need not exist yet.

    Raises:
        ToolsError: The folder lies inside the repository, where it would be taken for sources, and not in `.cache`.
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
    """Let a digest depend on the names and contents of all files below a folder."""
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
    """Make a folder's content once: it exists whole or not at all, whoever else makes it at the same time.

    Args:
        folder: What shall exist; its name tells its content, so that an existing one is never made again.
        make: Fills the temporary folder that it is given; what it raises is passed on.
        waiting: Called when another process is at work in the same parent folder.
    """
    if folder.exists():
        return
    with locked(folder.parent / ".lock", waiting):
        if folder.exists():
            return
        for stale in folder.parent.glob(f"{TEMPORARY}*"):  # only a killed holder of the lock leaves one
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
    """Point a link at a target in one step; a link that is already right stays untouched."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=link.parent) as folder:
        temporary = Path(folder) / link.name
        temporary.symlink_to(target)
        temporary.replace(link)
