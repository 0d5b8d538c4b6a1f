"""The newest record of a stack, as the stack's own backend remembers it.

The registry alone cannot show that its newest records are gone: the next one would be chained to what is left.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

__all__ = ["TAG", "Anchor"]

TAG = "panda-infra:newest-record"
"""The stack's tag in the backend."""
_FORM = re.compile(r"(?P<number>[1-9][0-9]*) (?P<digest>sha256:[0-9a-f]{64}) (?P<place>[0-9a-f]{16})")


@dataclass(frozen=True)
class Anchor:
    """The number and the digest of a record in a repository."""

    number: int
    digest: str
    repository: str

    @property
    def text(self) -> str:
        """The anchor as a short text, for the value of a tag."""
        return f"{self.number} {self.digest} {_place(self.repository)}"

    @classmethod
    def of(cls, text: str, repository: str) -> Anchor | None:
        """The anchor in a tag's value; None if there is none, or if it is about another repository."""
        match = _FORM.fullmatch(text)
        if match is None or match["place"] != _place(repository):
            return None
        return cls(int(match["number"]), match["digest"], repository)

    def flaw(self, digest: str | None) -> str:
        """The flaw of the record with this number; empty if its ``digest`` (None if it is missing) is the noted one."""
        if digest == self.digest:
            return ""
        what = "is another one than" if digest else "is missing, and was"
        return f"record {self.number} {what} {self.digest}, which the stack's backend has as the newest of the last run"


def _place(repository: str) -> str:
    return hashlib.sha256(repository.encode()).hexdigest()[:16]
