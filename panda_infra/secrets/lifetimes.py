"""How long the secret values of a stack last: of those that say so themselves, such as grid proxies and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import SecretStr

from panda_infra.config.messages import set_secret
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.ends import Validity, validity
from panda_infra.errors import Problem
from panda_infra.plan.consumers import existing_secrets
from panda_infra.products.content import file_bytes, reveal
from panda_infra.secrets.field import Field, value_of
from panda_infra.secrets.fields import fields

__all__ = ["check_lifetimes", "lifetime"]


def lifetime(value: str) -> Validity | None:
    """From when until when a value is good, as the stack file holds it; None when nothing tells."""
    if value == ENCRYPTED:
        return None
    try:
        return validity(file_bytes(SecretStr(value)))
    except ValueError:
        return None  # that it is no base64 is told by itself


def check_lifetimes(config: StackConfig, stack: str, now: datetime, *, soon: bool) -> Iterator[Problem]:
    """What has expired, or will ``soon``, of all that this stack's Secrets are made of.

    Host certificates are left out: they are checked in whole, with their hosts.
    """
    for field in fields(config):
        found = lifetime(reveal(value_of(config.secrets, field.path))) if _is_used(field, config) else None
        if found and (found.ends_soon(now) if soon else found.is_over(now)):
            file = " --file FILE" if field.is_file else ""
            fix = f"Renew it, then run `{set_secret(stack, field.key)}{file}`."
            yield Problem(f"secrets.{field.key}", found.told(now), fix)


def _is_used(field: Field, config: StackConfig) -> bool:
    own = field.reaches(config).keys() - existing_secrets(config).keys()
    return bool(own) and field.path[0] != "certificates"
