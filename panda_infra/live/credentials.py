"""When the certificates, grid proxies and tokens end with which a stack's pods run."""

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
    """A certificate, proxy or token that a key of a Secret holds, and from when until when it is good."""

    secret: str
    key: str
    expires: datetime
    since: datetime | None = None

    @property
    def lasts(self) -> Validity:
        """From when until when it is good."""
        return Validity(self.expires, self.since)

    def __str__(self) -> str:
        return f"{self.key} of Secret {self.secret}"


def credentials(plan: Plan, secrets: Mapping[str, Mapping[str, Any]]) -> Iterator[Credential]:
    """Those of the stack's own Secrets, given as the API has them, by name; no value is part of the answer."""
    for suffix in plan.secrets:
        name = plan.names.secret(suffix)
        for key, encoded in sorted((secrets.get(name, {}).get("data") or {}).items()):
            if found := validity(b64decode(encoded)):
                yield Credential(name, key, found.end, found.start)
