"""A thing that still exists after a stack was destroyed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Leftover"]


@dataclass(frozen=True, order=True)
class Leftover:
    """A thing that still exists after a stack was destroyed, and its ``state``.

    ``ours`` is false for things of others in a namespace that the stack shares or would have. ``seen`` is false for
    things that the user may not read: then ``kind`` and ``name`` describe only their place.
    """

    kind: str
    name: str
    state: str = ""
    ours: bool = True
    seen: bool = True

    @classmethod
    def hidden(cls, kind: str, reason: str) -> Leftover:
        """Objects of a kind that the user may not read."""
        return cls(kind, "outside of the namespace", reason, ours=False, seen=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f": {self.state}" if self.state else "")
