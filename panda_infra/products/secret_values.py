"""The description of a secret value, written once, beside the field of its model."""

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
    "Contained",
    "Limit",
    "NamedSecretValues",
    "SecretValue",
    "django_key",
    "never",
    "new_hash_key",
    "password",
]

KEPT_BY_DATABASE = "a database that exists keeps its password; change it there before the next up"
"""The consequence of a change of a database's password."""

# No reader in `limits` changes these characters.
_ALPHABET = string.ascii_letters + string.digits


# Linux' limit of one environment variable, less room for its name.
LARGEST_ENV = 128 * 1024 - 256


def password(length: int = 32) -> str:
    """A random password of letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass(frozen=True)
class Limit:
    """Text that must not occur in a value: a pattern, the words for it, and the use of the value by its reader."""

    refused: re.Pattern[str]
    words: str
    because: str

    def hits(self, value: str) -> bool:
        """True if the reader would change or cut the value."""
        return self.refused.search(value) is not None

    def flaw(self, value: str) -> str | None:
        """The flaw of a value in words that complete "the value ..."; None if the reader takes it as it is."""
        return f"holds {self.words}: {self.because}" if self.hits(value) else None


@dataclass(frozen=True, kw_only=True)
class SecretValue:
    """A secret value.

    ``title`` is its name in messages. ``make`` generates a new value; without it only the site knows the value, and
    previews and rehearsals put ``stand_in`` in its place. No new value is generated if the value is ``shared`` with
    others. ``secrets`` are the suffixes of its owner's Secrets that contain it; other components add theirs by
    ``Contained``. In each Secret of ``replaced``, the value at that path replaces it if set. ``limits`` maps a reader
    to the text that it cannot handle, and ``flaw`` gives a flaw of a value in words that complete "the value ...";
    ``proof`` does that for a value without one, but takes so long that a deployment leaves it out. ``needed`` is false
    for a stack that has one of those Secrets but does not need the value. ``is_file`` values are files, whose bytes no
    reader changes. ``consequence`` is the effect of a change beside replacing pods.
    """

    title: str
    make: Callable[[], str] | None = None
    stand_in: Callable[[], str] = password
    shared: Predicate = lambda _config: False
    secrets: tuple[str, ...] = ()
    replaced: Mapping[str, Path] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    flaw: Callable[[str], str | None] = lambda _value: None
    proof: Callable[[str], str | None] = lambda _value: None
    needed: Predicate = lambda _config: True
    is_file: bool = False
    consequence: str = ""


@dataclass(frozen=True, kw_only=True)
class Contained:
    """The use that a component makes of a secret value that a section or another component describes.

    ``secrets``, ``limits`` and ``replaced_by`` are what the component adds to ``SecretValue``: the suffixes of its own
    Secrets that contain the value, the text that its readers cannot handle, and the value that replaces it there.
    """

    secrets: tuple[str, ...]
    limits: Mapping[str, Limit] = field(default_factory=dict)
    replaced_by: Path | None = None


@dataclass(frozen=True)
class NamedSecretValues:
    """Secret values whose names depend on the settings: ``names`` gives those of a stack, ``value`` describes one."""

    names: Callable[[Settings], tuple[str, ...]]
    where: str
    value: Callable[[str], SecretValue]


def never(_config: Settings) -> bool:
    """False: no stack needs the value."""
    return False


def django_key() -> str:
    """A new secret key for Django."""
    return password(64)


def new_hash_key() -> str:
    """A new key for hashes."""
    return secrets.token_hex(32)
