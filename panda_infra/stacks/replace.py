"""Writes stack files atomically, and keeps their former content."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from panda_infra.errors import PandaInfraError

__all__ = ["create", "former", "keep", "replacing", "restore"]


def former(file: Path) -> Path:
    """The file that keeps the content before the last change; git ignores it."""
    return file.resolve().with_name(f"{file.name}~")


def create(file: Path, content: bytes) -> None:
    """Make a new file.

    Raises:
        PandaInfraError: it exists already.
    """
    with _draft(file, content) as draft:
        draft.chmod(0o666 & ~_umask())
        try:
            os.link(draft, file)
        except FileExistsError:
            raise PandaInfraError(f"{file.name} exists already: it would be overwritten") from None


@contextmanager
def replacing(file: Path, before: bytes, after: bytes) -> Iterator[Path]:
    """Replace the content of a file at the end of the block; inside, a draft beside it has the new content.

    Raises:
        PandaInfraError: another process changed the file meanwhile; it stays as it is.
    """
    with _draft(file.resolve(), after) as draft:
        yield draft
        if file.read_bytes() != before:
            raise PandaInfraError(
                f"{file.name} was changed by somebody else meanwhile and stays as it is: run the command again"
            )
        keep(file, before)
        _move(draft, file, like=file)


def keep(file: Path, content: bytes) -> None:
    """Save a content of a file as its former one."""
    with _draft(file.resolve(), content) as draft:
        _move(draft, former(file), like=file)


def restore(file: Path, content: bytes) -> None:
    """Undo another program's change of a file."""
    with _draft(file.resolve(), content) as draft:
        _move(draft, file, like=file)


def _move(draft: Path, file: Path, *, like: Path) -> None:
    shutil.copymode(like, draft)
    draft.replace(file.resolve())


@contextmanager
def _draft(file: Path, content: bytes) -> Iterator[Path]:
    """A file in the same folder. Its name matches no stack file; the engine needs its ending for the format."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}.", suffix=".yaml")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
