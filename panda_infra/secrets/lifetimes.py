"""Lifetimes of secret values that contain their own, such as grid proxies and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import SecretStr

from panda_infra.config.messages import set_secret
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.ends import Validity, validity
from panda_infra.errors import Problem
from panda_infra.plan.consumers import existing_secrets, readers
from panda_infra.products.content import file_bytes, reveal
from panda_infra.secrets.fields import fields, value_of

__all__ = ["check_lifetimes", "lifetime"]


def lifetime(value: str) -> Validity | None:
    """The validity of a value in the form of the stack file; None if it is unknown."""
    if value == ENCRYPTED:
        return None
    try:
        return validity(file_bytes(SecretStr(value)))
    except ValueError:
        return None  # another check reports invalid base64


def check_lifetimes(config: StackConfig, stack: str, now: datetime, *, soon: bool) -> Iterator[Problem]:
    """A problem for each value in this stack's Secrets that has expired, or will ``soon``.

    Host certificates are left out, because another check covers them together with their hosts.
    """
    known, provided = readers(config), existing_secrets(config).keys()
    for field in fields(config):
        is_used = field.path[0] != "certificates" and field.reaches(config, known).keys() - provided
        found = lifetime(reveal(value_of(config.secrets, field.path))) if is_used else None
        if found and (found.ends_soon(now) if soon else found.is_over(now)):
            file = " --file FILE" if field.is_file else ""
            fix = f"Renew it, then run `{set_secret(stack, field.key)}{file}`."
            yield Problem(f"secrets.{field.key}", found.described(now), fix)
