"""Whether the values of a stack's secrets are ones that their readers can use.

No message holds a value or a part of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path as FilePath

from pydantic import SecretStr

from panda_infra.config.messages import set_secret
from panda_infra.config.paths import spelled
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.config.unresolved import ciphertext, unresolved
from panda_infra.errors import Problem
from panda_infra.plan.consumers import existing_secrets, readers
from panda_infra.rules.book.settings import check_settings, setting_warnings
from panda_infra.secrets import BUILDERS, build, certificates
from panda_infra.secrets.certificates import Flaw, HostCertificate
from panda_infra.secrets.certified_hosts import presented_hosts
from panda_infra.secrets.content import BINARY, LARGEST, file_bytes, reveal
from panda_infra.secrets.cric import UnreadableListError, check_folder
from panda_infra.secrets.field import Field, value_of
from panda_infra.secrets.fields import fields
from panda_infra.secrets.keystore import check_keystore
from panda_infra.secrets.lifetimes import check_lifetimes
from panda_infra.secrets.limits import LARGEST_ENV

__all__ = ["check_value", "check_values", "warnings"]

_HERE = FilePath()


def check_values(
    config: StackConfig, *, stack: str, now: datetime | None = None, folder: FilePath = _HERE
) -> list[Problem]:
    """Everything that is wrong with the values that are set; what is only known to be encrypted is left out.

    ``folder`` is that of the project.
    """
    return [
        *_check_fields(config, stack),
        *_unknown_names(config),
        *_check_certificates(config, stack, now or datetime.now(UTC), soon=False),
        *check_lifetimes(config, stack, now or datetime.now(UTC), soon=False),
        *_check_existing(config),
        *check_settings(config),
        *_check_cric(config, folder),
        *_check_sizes(config),
    ]


def warnings(config: StackConfig, *, stack: str, now: datetime | None = None) -> list[Problem]:
    """What works, but not for long or not everywhere."""
    return [
        *_check_certificates(config, stack, now or datetime.now(UTC), soon=True),
        *check_lifetimes(config, stack, now or datetime.now(UTC), soon=True),
        *setting_warnings(config, stack=stack),
    ]


def check_value(field: Field, value: str, config: StackConfig) -> Iterator[str]:
    """What is wrong with a value for this field, in words that complete "the value ..."."""
    if field.path == ("iam", "keystore"):
        flaw = check_keystore(value)
        if flaw:
            yield flaw
    if words := ciphertext(value) if field.is_file else unresolved(value):
        yield words
        return
    if field.is_file:
        if value.startswith(BINARY) and not _decodes(value):
            yield f"starts with {BINARY} but holds no base64 after it"
        return
    if "\0" in value:
        yield "holds a NUL character, which no environment variable can"
    if len(value.encode()) > LARGEST_ENV:
        yield f"is longer than {LARGEST_ENV} bytes, the most that fits into an environment variable"
    for reader in dict.fromkeys(str(each) for found in field.reaches(config).values() for each in found):
        limit = field.limits.get(reader)
        if limit and limit.hits(value):
            yield f"holds {limit.words}, which {reader} cannot take: {limit.because}"


def _check_fields(config: StackConfig, stack: str) -> Iterator[Problem]:
    for field in fields(config):
        value = reveal(value_of(config.secrets, field.path))
        if value in ("", ENCRYPTED):
            continue
        fix = f"Set another one: `{set_secret(stack, field.key)}`."
        yield from (Problem(f"secrets.{field.key}", what, fix) for what in check_value(field, value, config))


def _unknown_names(config: StackConfig) -> Iterator[Problem]:
    """Secrets of clients and providers that the settings do not name: slips that would go unnoticed."""
    bigmon = config.components.bigmon
    known_clients = [client.name for client in config.auth.clients]
    known_providers = list(bigmon.settings.providers) if bigmon else []
    for path, given, known, where in (
        (("auth", "clientSecrets"), config.secrets.auth.client_secrets, known_clients, "auth.clients"),
        (
            ("bigmon", "providerSecrets"),
            config.secrets.bigmon.provider_secrets,
            known_providers,
            "components.bigmon.settings.providers",
        ),
    ):
        for name in given:
            if name not in known:
                what = f"belongs to no entry of {where} ({', '.join(known) or 'none'})"
                yield Problem(f"secrets.{spelled((*path, name))}", what, "Correct the name, or remove it.")


def _check_certificates(config: StackConfig, stack: str, now: datetime, *, soon: bool) -> Iterator[Problem]:
    for owner, info in type(config.secrets.certificates).model_fields.items():
        given = getattr(config.secrets.certificates, owner)
        certificate, key, chain = (reveal(each) for each in (given.certificate, given.key, given.chain))
        if not (certificate and key) or ENCRYPTED in (certificate, key, chain):
            continue
        if f"{owner}-certs" not in readers(config):
            continue
        flaws = certificates.check(
            HostCertificate(certificate, key, chain), presented_hosts(config, owner), now=now
        )
        yield from (_certificate_problem(str(info.alias), flaw, stack) for flaw in flaws if flaw.soon == soon)


def _certificate_problem(owner: str, flaw: Flaw, stack: str) -> Problem:
    where = f"certificates.{owner}.{flaw.part}"
    fix = f"Run `{set_secret(stack, f'certificates.{owner}')} --file host.p12` with a right one."
    return Problem(f"secrets.{where}", flaw.what, fix)


def _check_existing(config: StackConfig) -> Iterator[Problem]:
    read = readers(config)
    for suffix, component in existing_secrets(config).items():
        where = f"components.{component}.settings.existingSecrets"
        if suffix not in BUILDERS:
            yield Problem(where, f"{suffix} is no Secret of PanDA", f"Name some of {', '.join(BUILDERS)}.")
        elif suffix not in read:
            yield Problem(where, f"{suffix} is read by nothing in this stack", "Remove it.")


def _check_cric(config: StackConfig, folder: FilePath) -> list[Problem]:
    read = "cric-jsons" in readers(config) and "cric-jsons" not in existing_secrets(config)
    return check_folder(folder / config.cric.folder) if read else []


def _check_sizes(config: StackConfig) -> Iterator[Problem]:
    try:
        contents = build(config)
    except (ValueError, UnreadableListError):
        return  # a file that is no base64, or cannot be read, has been told
    for suffix, content in contents.items():
        if content.size > LARGEST and suffix != "cric-jsons":
            what = f"has {content.size} bytes, more than the {LARGEST} that Kubernetes takes"
            yield Problem(
                f"Secret {suffix}", what, f"Make its files smaller: {', '.join(sorted(content.data))}."
            )


def _decodes(value: str) -> bool:
    try:
        file_bytes(SecretStr(value))
    except ValueError:
        return False
    return True
