"""Read URNs, by which the engine names resources: ``urn:pulumi:STACK::PROJECT::TYPES::NAME``."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Urn", "read_urn"]


@dataclass(frozen=True)
class Urn:
    """The parts of a URN; ``types`` are the type of the resource and, before it, those of its parents with ``$``."""

    stack: str
    types: str
    name: str

    @property
    def type(self) -> str:
        """The type of the resource itself."""
        return self.types.rpartition("$")[2]


def read_urn(text: str) -> Urn:
    """The parts of a URN; a name may contain colons too."""
    stack, _project, types, name = text.split("::", 3)
    return Urn(stack.removeprefix("urn:pulumi:"), types, name)
