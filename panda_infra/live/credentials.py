"""The ends of the certificates, grid proxies and tokens of a stack's pods."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.ends import Validity, validity
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.logs import NAME, shipping

__all__ = ["Credential", "credentials", "own_secrets"]


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


def own_secrets(plan: Plan, api: KubernetesApi) -> dict[str, Mapping[str, Any]]:
    """The stack's own Secrets by name, in the API's form.

    Each is read by itself: no label selects them, so a listing would also contain the content of other Secrets and of
    Helm's records, and some users may get these Secrets but not list all.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    namespace = f"/api/v1/namespaces/{plan.config.namespace}"
    logs = shipping(plan.config)
    names = [plan.names.secret(suffix) for suffix in plan.secrets]
    names += [NAME] if logs and logs.user else []
    found = {name: api.call("GET", f"{namespace}/secrets/{name}", missing=True) for name in names}
    return {name: secret for name, secret in found.items() if secret is not None}


def credentials(plan: Plan, secrets: Mapping[str, Mapping[str, Any]]) -> Iterator[Credential]:
    """The credentials in the stack's own Secrets, given by name in the API's form; the answer has no secret value."""
    for suffix in plan.secrets:
        name = plan.names.secret(suffix)
        for key, encoded in sorted((secrets.get(name, {}).get("data") or {}).items()):
            if found := validity(b64decode(encoded)):
                yield Credential(name, key, found.end, found.start)
