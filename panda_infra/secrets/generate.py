"""Makes secret values for commands, which store them encrypted in the stack file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from panda_infra.config.paths import Path
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.products.secret_values import password
from panda_infra.secrets.certificates import Authority, HostCertificate, make_authority
from panda_infra.secrets.certified_hosts import certified_hosts
from panda_infra.secrets.field import Field, value_of
from panda_infra.secrets.fields import missing
from panda_infra.tree import mapped, put

__all__ = ["generate", "make_certificates", "revealed", "stand_ins", "with_values"]


def generate(field: Field) -> str:
    """A new value of a field.

    Raises:
        PandaInfraError: only the site knows the value.
    """
    if field.make is None:
        raise PandaInfraError(f"secrets.{field.key}: only the site knows the {field.title}")
    return field.make()


def make_certificates(config: StackConfig, *, now: datetime | None = None) -> dict[str, HostCertificate]:
    """A certificate for each component that needs one, from a new authority (T38).

    The certificates cover the Services too, because PanDA's services call each other by these names.
    """
    needed = dict.fromkeys(str(field.path[1]) for field in missing(config) if field.path[0] == "certificates")
    authority: Authority = make_authority("PanDA local authority", now=now or datetime.now(UTC))
    return {owner: authority.issue(certified_hosts(config, owner)) for owner in needed}


def stand_ins(config: StackConfig, *, now: datetime | None = None) -> Secrets:
    """The stack's secrets with random values for missing ones: for a preview, never for a deployment."""
    values: dict[Path, str] = {}
    for owner, made in make_certificates(config, now=now).items():
        for part in ("certificate", "key", "chain"):
            values["certificates", owner, part] = getattr(made, part)
    for field in missing(config):
        values.setdefault(field.path, (field.make or password)())
    absent = {path: text for path, text in values.items() if value_of(config.secrets, path) is None}
    return with_values(config.secrets, absent)


def with_values(secrets: Secrets, values: Mapping[Path, str]) -> Secrets:
    """The secrets with some values set."""
    document = revealed(secrets)
    for path, text in values.items():
        put(document, path, text)
    return Secrets.model_validate(document, strict=False)


def revealed(secrets: Secrets) -> dict[str, Any]:
    """The values in plain text, in the form of the stack file's section: to encrypt, never to show."""
    document: dict[str, Any] = mapped(secrets.model_dump(by_alias=True, exclude_defaults=True), _revealed)
    return document


def _revealed(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value
