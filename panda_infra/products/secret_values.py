"""How a secret value is described: once, beside the field of the model that holds it."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from panda_infra.config.paths import Path
from panda_infra.products.model import Predicate

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = [
    "KEPT_BY_DATABASE",
    "LARGEST_ENV",
    "Limit",
    "NamedSecretValues",
    "SecretValue",
    "django_key",
    "never",
    "new_hash_key",
    "password",
]

KEPT_BY_DATABASE = "a database that exists keeps its password; change it there before the next up"
"""What a change of a database's password does."""

# Survives every reader that `limits` knows.
_ALPHABET = string.ascii_letters + string.digits


# Linux' limit of one environment variable, less room for its name.
LARGEST_ENV = 128 * 1024 - 256


@dataclass(frozen=True)
class Limit:
    """What must not occur in a value: a pattern, the words for it, and what the reader does with the value."""

    refused: re.Pattern[str]
    words: str
    because: str

    def hits(self, value: str) -> bool:
        """Whether the value would not survive."""
        return self.refused.search(value) is not None


@dataclass(frozen=True, kw_only=True)
class SecretValue:
    """A secret value.

    ``title`` is what messages call it. ``make`` gives a new one; without it only somebody at the site knows the value,
    and neither may a new one be made while it is ``shared`` with others. ``secrets`` are the suffixes of the Secrets
    that it is part of; in one of ``replaced`` the value at that path stands instead once it is set. ``limits`` maps a
    reader to what that cannot take, and ``flaw`` gives what is wrong with a value in words that complete "the value
    ...". ``needed`` narrows when a stack that has one of those Secrets cannot do without. ``is_file`` values are
    files, whose bytes no reader changes. ``consequence`` is what a change does beside replacing pods.
    """

    title: str
    make: Callable[[], str] | None = None
    shared: Predicate = lambda _config: False
    secrets: tuple[str, ...] = ()
    replaced: Mapping[str, Path] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    flaw: Callable[[str], str | None] = lambda _value: None
    needed: Predicate = lambda _config: True
    is_file: bool = False
    consequence: str = ""


@dataclass(frozen=True)
class NamedSecretValues:
    """Secret values whose names depend on the settings: ``names`` gives those of a stack, ``value`` describes one."""

    names: Callable[[Settings], tuple[str, ...]]
    where: str
    value: Callable[[str], SecretValue]


def never(_config: Settings) -> bool:
    """A stack can do without the value."""
    return False


def password(length: int = 32) -> str:
    """Letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def django_key() -> str:
    """A secret key of Django."""
    return password(64)


def new_hash_key() -> str:
    """A key of hashes."""
    return secrets.token_hex(32)
