"""The seal of a review: what was reviewed, so that nothing else is applied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from panda_infra.errors import PandaInfraError

__all__ = ["EMPTY", "Seal", "SealError", "hash_of", "state_version"]


class SealError(PandaInfraError):
    """A seal that cannot be read or no longer matches."""


@dataclass(frozen=True)
class Seal:
    """The reviewed deployment of a stack.

    ``deployment`` is the fingerprint of the commit's deployment of the stack, ``state`` the version of the stack's
    state before the preview, ``plan`` the hash of the plan file.
    """

    stack: str
    deployment: str
    state: str
    plan: str

    def to_json(self) -> str:
        """The seal as JSON, for a file beside the plan."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Seal:
        """The seal from a file's text.

        Raises:
            SealError: the text is not a seal.
        """
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            raise SealError("the seal of the review cannot be read: preview the stack again") from None

    def broken_by(self, now: Seal) -> tuple[str, ...]:
        """The reasons why the seal no longer matches, as sentences."""
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
    """A version of a stack's state, from its export; it changes with every deployment.

    The contents of resources are left out, because their ciphertexts may differ from export to export.
    """
    deployment: Mapping[str, Any] = json.loads(exported)["deployment"] or {}
    resources = [
        (each["urn"], each.get("id"), each.get("modified")) for each in deployment.get("resources") or ()
    ]
    return hash_of(json.dumps(resources).encode()) if resources else EMPTY
