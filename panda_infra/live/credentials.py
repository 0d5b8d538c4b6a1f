"""The ends of the certificates, grid proxies and tokens of a stack's pods."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panda_infra.ends import Validity, validity
from panda_infra.plan.model import Plan

__all__ = ["Credential", "credentials"]


@dataclass(frozen=True)
class Credential:
    """A certificate, proxy or token in a key of a Secret, and the time in which it is valid."""

    secret: str
    key: str
    expires: datetime
    since: datetime | None = None

    @property
    def lasts(self) -> Validity:
        """The time in which it is valid."""
        return Validity(self.expires, self.since)

    def __str__(self) -> str:
        return f"{self.key} of Secret {self.secret}"


def credentials(plan: Plan, secrets: Mapping[str, Mapping[str, Any]]) -> Iterator[Credential]:
    """The credentials in the stack's own Secrets, given by name in the API's form; the answer has no secret value."""
    for suffix in plan.secrets:
        name = plan.names.secret(suffix)
        for key, encoded in sorted((secrets.get(name, {}).get("data") or {}).items()):
            if found := validity(b64decode(encoded)):
                yield Credential(name, key, found.end, found.start)
