"""Files in a mounted claim."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from panda_infra.clients.stores.store import UNFINISHED, MissingError, StoreError

__all__ = ["Folder"]

_PART = 1 << 20


class Folder:
    """A folder that holds files by their names."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, file: Path) -> None:
        """Keep the content of a file; it gets its name when it is on the disk."""
        path = self._root / name
        unfinished = path.with_name(path.name + UNFINISHED)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with file.open("rb") as source, unfinished.open("wb") as target:
                shutil.copyfileobj(source, target, _PART)
                target.flush()
                os.fsync(target.fileno())
            unfinished.replace(path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise StoreError(f"the claim cannot take {name}: {error.strerror}") from None

    def parts(self, name: str) -> Iterator[bytes]:
        """The content of a kept file, part by part."""
        try:
            with (self._root / name).open("rb") as file:
                while part := file.read(_PART):
                    yield part
        except FileNotFoundError:
            raise MissingError(f"the claim has no {name}") from None
        except OSError as error:
            raise StoreError(f"{name} cannot be read from the claim: {error.strerror}") from None

    def names(self) -> Iterator[str]:
        """The names of all kept files, and of what a pod that was killed has left."""
        for path in self._root.rglob("*"):
            if path.is_file():
                yield str(path.relative_to(self._root))

    def delete(self, name: str) -> None:
        """Forget a kept file."""
        try:
            for ending in ("", UNFINISHED):
                (self._root / f"{name}{ending}").unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{name} cannot be deleted from the claim: {error.strerror}") from None
