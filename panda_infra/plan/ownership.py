"""Ownership of objects: the mark that a stack puts on every lasting object that it makes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from panda_infra.config.stackfile import ENCRYPTED, NAMESPACE
from panda_infra.errors import PandaInfraError

__all__ = ["MARK", "RELEASES", "Owner", "lease_name", "owner_of"]

MARK = "panda-infra/owner"
"""The annotation that names the owner of an object."""
RELEASES = "panda-infra/releases"
"""The annotation of a stack's Lease that lists the releases that the stack made."""

_DIGITS = 16


@dataclass(frozen=True)
class Owner:
    """A stack as an owner. Two stacks of one name in two backends differ in ``id``, None if secrets are unknown."""

    project: str
    stack: str
    id: str | None

    def __str__(self) -> str:
        if self.id is None:
            raise PandaInfraError("secrets.hashKey: is missing, and the stack could not mark what it makes")
        return f"{self.project}/{self.stack}/{self.id}"

    @property
    def mark(self) -> dict[str, str]:
        """The annotation, for an object that is about to be made."""
        return {MARK: str(self)}

    def wrote(self, mark: str) -> bool:
        """True if a mark is this stack's; without an ``id``, if it may be."""
        return mark == str(self) if self.id else mark.startswith(f"{self.project}/{self.stack}/")

    def may_have_written(self, mark: str) -> bool:
        """True if this stack may have written a mark before its key was renewed or its name changed."""
        name, _, digits = mark.rpartition("/")
        return name == f"{self.project}/{self.stack}" or digits == self.id


def owner_of(stack: str, hash_key: str) -> Owner:
    """A stack as the owner of its objects; independent of the backend that stores its state."""
    known = hash_key not in ("", ENCRYPTED)
    digest = hmac.new(hash_key.encode(), b"owner", hashlib.sha256).hexdigest()[:_DIGITS] if known else None
    return Owner(NAMESPACE, stack, digest)


def lease_name(stack: str) -> str:
    """Name of the Lease that a stack holds in its namespace while it works there."""
    return f"panda-infra-{stack.lower().replace('_', '-').rstrip('.-')}"
