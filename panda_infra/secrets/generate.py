"""Makes secret values for commands, which store them encrypted in the stack file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from panda_infra.authority import Authority, HostCertificate, make_authority, read_authority
from panda_infra.config.certificates import keeps_authority
from panda_infra.config.paths import Path
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.products.content import reveal
from panda_infra.products.registry import COMPONENTS
from panda_infra.secrets.certificate_flaws import flaws_by_key
from panda_infra.secrets.certified_hosts import certified_hosts, certified_owner
from panda_infra.secrets.fields import Field, missing, value_of
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
    """A certificate, by its key, for each component without one, from the stack's authority or a new one (T38).

    Those that the program has made are issued anew if they do not fit any more. The certificates of hosts cover the
    Services too, because a product's services call each other by these names.
    """
    at = now or datetime.now(UTC)
    wanted = [str(field.path[1]) for field in missing(config) if field.path[0] == "certificates"]
    if config.certificates.kind == "generated":
        wanted += [key for key, _ in flaws_by_key(config, at)]
    authority = _authority(config, at) if wanted else None
    return (
        {key: _issue(config, authority, certified_owner(key)) for key in dict.fromkeys(wanted)}
        if authority
        else {}
    )


def _authority(config: StackConfig, now: datetime) -> Authority:
    """The authority of a stack that keeps one; nobody can trust a new one, whose key is forgotten."""
    text = reveal(config.secrets.authority)
    if not keeps_authority(config.certificates) or not text:
        return make_authority("PanDA local authority", now=now)
    try:
        return read_authority(text, now=now)
    except ValueError as error:
        raise PandaInfraError(f"secrets.authority: is {error}") from None


def _issue(config: StackConfig, authority: Authority, owner: str) -> HostCertificate:
    described = COMPONENTS[owner].certificate if owner in COMPONENTS else None
    if described and described.subject:
        return authority.issue_robot(described.subject(config))
    return authority.issue(certified_hosts(config, owner), of_rsa=bool(described and described.of_rsa))


def stand_ins(config: StackConfig) -> Secrets:
    """The stack's secrets with random values for missing ones: for a preview, never for a deployment."""
    values: dict[Path, str] = {}
    if keeps_authority(config.certificates) and config.secrets.authority is None:
        made_up = make_authority("PanDA local authority", now=datetime.now(UTC))
        values["authority",] = made_up.pem
        config = config.model_copy(update={"secrets": with_values(config.secrets, values)})
    for key, made in make_certificates(config).items():
        for part in ("certificate", "key", "chain"):
            values["certificates", key, part] = getattr(made, part)
    for field in missing(config):
        values.setdefault(field.path, (field.make or field.stand_in)())
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
