"""Places for files that outlive a pod, by name, with the one error of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

__all__ = ["UNFINISHED", "MissingError", "Store", "StoreError"]

UNFINISHED = ".part"
"""The suffix that a place adds to the name of an unfinished file."""


class StoreError(Exception):
    """The place refuses a request, or does not answer; the message contains nothing secret."""


class MissingError(StoreError):
    """The place has no file of that name, or none any more."""


class Store(Protocol):
    """Files by their names, which have slashes; each method may raise `StoreError`."""

    def put(self, name: str, file: Path) -> None:
        """Keep the content of a file under a name."""

    def parts(self, name: str) -> Iterator[bytes]:
        """The content of a kept file, part by part."""

    def names(self) -> Iterator[str]:
        """The names of all kept files, in no order; those with `UNFINISHED` are not whole yet, or will never be."""

    def delete(self, name: str) -> None:
        """Forget a kept file, and what is not whole of it; one that is not there is forgotten already."""
