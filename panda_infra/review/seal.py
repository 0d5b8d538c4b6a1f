"""What a review was about, so that nothing else is applied in its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from panda_infra.errors import PandaInfraError

__all__ = ["EMPTY", "Seal", "SealError", "hash_of", "state_version"]


class SealError(PandaInfraError):
    """A seal that cannot be read, or that no longer fits."""


@dataclass(frozen=True)
class Seal:
    """What was reviewed.

    ``deployment`` is the fingerprint of what the commit deploys for the stack, ``state`` the version of the stack's
    state that the preview started from, ``plan`` the hash of the plan file.
    """

    stack: str
    deployment: str
    state: str
    plan: str

    def to_json(self) -> str:
        """As it is kept beside the plan."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Seal:
        """The seal in a file.

        Raises:
            SealError: the text is none.
        """
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            raise SealError("the seal of the review cannot be read: preview the stack again") from None

    def broken_by(self, now: Seal) -> tuple[str, ...]:
        """What is no longer as it was reviewed, in words."""
        return tuple(self._broken_by(now))

    def _broken_by(self, now: Seal) -> Iterator[str]:
        if self.stack != now.stack:
            yield f"the review was of stack {self.stack}"
        if self.plan != now.plan:
            yield "the plan is not the one that was reviewed"
        if self.deployment != now.deployment:
            yield "this commit deploys something else than the reviewed one"
        if self.state != now.state:
            yield "the stack was deployed since the review"


def hash_of(content: bytes) -> str:
    """A hash of a file's content."""
    return hashlib.sha256(content).hexdigest()


EMPTY = "empty"
"""The version of a state without resources."""


def state_version(exported: str) -> str:
    """A version of a stack's state, from its export: another after every deployment.

    The resources' contents are left out: their ciphertexts may differ from export to export.
    """
    deployment: Mapping[str, Any] = json.loads(exported)["deployment"] or {}
    resources = [
        (each["urn"], each.get("id"), each.get("modified")) for each in deployment.get("resources") or ()
    ]
    return hash_of(json.dumps(resources).encode()) if resources else EMPTY
