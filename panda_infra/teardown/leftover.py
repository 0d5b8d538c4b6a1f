"""Something that is still there when a stack is gone."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Leftover"]


@dataclass(frozen=True, order=True)
class Leftover:
    """Something that is there after a stack was destroyed; ``state`` says how.

    What others made, in a namespace that the stack shares with them or would have, is not ``ours``.
    """

    kind: str
    name: str
    state: str = ""
    ours: bool = True

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f": {self.state}" if self.state else "")
