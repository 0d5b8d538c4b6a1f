"""Reads secret values from a file, a pipe or a hidden prompt, never from an argument."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import typer

from panda_infra.authority import HostCertificate
from panda_infra.cli.keys import UnknownKeyError, secret_key
from panda_infra.cli.output import interactive
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.paths import spelled
from panda_infra.config.secrets import Certificates
from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.products.content import BINARY, as_text
from panda_infra.secrets.certificates import from_p12
from panda_infra.secrets.fields import Field, fields, file_field
from panda_infra.secrets.lifetimes import lifetime
from panda_infra.secrets.usable import check_value

__all__ = ["certificate_owner", "checked", "field_of", "host_certificate", "read_value"]


def certificate_owner(key: str) -> str | None:
    """The component whose whole certificate a key names, e.g. ``panda`` for ``certificates.panda``."""
    owners = {str(info.alias) for info in Certificates.model_fields.values()}
    first, _, owner = key.removeprefix("panda-infra:").removeprefix("secrets.").partition(".")
    return owner if first == "certificates" and owner in owners else None


def field_of(key: str, config: StackConfig) -> Field:
    """The field of that key.

    Raises:
        UnknownKeyError: this stack has no such secret.
    """
    path = secret_key(key)
    for field in fields(config):
        if field.path == path:
            return field
    if path[0] == "files":
        return file_field(str(path[1]), str(path[-1]))
    raise UnknownKeyError(
        f"{spelled(path)}: nothing in this stack's settings uses it; add its entry there first"
    )


def read_value(field: Field, file: Path | None) -> str:
    """The value from the file, else from standard input or a prompt that shows nothing.

    The line end that editors and ``echo`` add to a text is removed; a file keeps every byte.

    Raises:
        PandaInfraError: the file cannot be read, or is not text although text is expected.
    """
    if file is None and interactive():
        return str(
            typer.prompt(
                f"{field.title[:1].upper()}{field.title[1:]}", hide_input=True, confirmation_prompt=True
            )
        )
    try:
        content = file.read_bytes() if file else sys.stdin.buffer.read()
    except OSError as error:
        raise PandaInfraError(f"{file} cannot be read: {error.strerror}") from None
    value = as_text(content)
    if field.is_file:
        return value
    if value.startswith(BINARY) and not content.startswith(BINARY.encode()):
        raise PandaInfraError(f"secrets.{field.key}: is a text, but what was given is no UTF-8 text")
    return value.removesuffix("\n").removesuffix("\r")


def checked(field: Field, value: str, config: StackConfig) -> str:
    """The value, if its readers can use it.

    Raises:
        PandaInfraError: it is empty, has expired, or a reader cannot use it; nothing was stored.
    """
    flaws = ["is empty"] if not value else [*check_value(field, value, config), *_expired(value)]
    if flaws:
        listed = "\n".join(f"  - it {flaw}" for flaw in flaws)
        raise PandaInfraError(f"secrets.{field.key}: the value was not stored:\n{listed}")
    return value


def host_certificate(owner: str, file: Path | None) -> Mapping[KeyPath, str]:
    """The parts of a p12 file, by their paths below ``secrets``.

    Raises:
        PandaInfraError: the file cannot be read, or has expired.
    """
    if file is None:
        raise PandaInfraError(
            f"certificates.{owner}: give a PKCS#12 file with --file, or set its parts one by one"
        )
    try:
        content = file.read_bytes()
    except OSError as error:
        raise PandaInfraError(f"{file} cannot be read: {error.strerror}") from None
    parts = _opened(content)
    given = {"certificate": parts.certificate, "key": parts.key, "chain": parts.chain}
    if flaws := [f"its {part} {flaw}" for part, text in given.items() for flaw in _expired(text)]:
        listed = "\n".join(f"  - {flaw}" for flaw in flaws)
        raise PandaInfraError(f"secrets.certificates.{owner}: {file} was not stored:\n{listed}")
    return {("certificates", owner, part): text for part, text in given.items() if text}


def _expired(value: str) -> Iterator[str]:
    now, found = datetime.now(UTC), lifetime(value)
    if found and found.is_over(now):
        yield f"{found.described(now)}: renew it first"


def _opened(content: bytes) -> HostCertificate:
    try:
        return from_p12(content)
    except PandaInfraError:
        if not interactive():
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            password = typer.prompt("Password of the PKCS#12 file", hide_input=True)
        return from_p12(content, password)
