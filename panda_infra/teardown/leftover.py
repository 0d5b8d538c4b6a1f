"""Something that is still there when a stack is gone."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Leftover"]


@dataclass(frozen=True, order=True)
class Leftover:
    """Something that is there after a stack was destroyed; ``state`` says how.

    What others made, in a namespace that the stack shares with them or would have, is not ``ours``. What may not be
    looked at is not ``seen``: then ``kind`` and ``name`` say where, and nothing is known of it.
    """

    kind: str
    name: str
    state: str = ""
    ours: bool = True
    seen: bool = True

    @classmethod
    def hidden(cls, kind: str, reason: str) -> Leftover:
        """Objects of a kind that may not be looked at."""
        return cls(kind, "outside of the namespace", reason, ours=False, seen=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f": {self.state}" if self.state else "")
