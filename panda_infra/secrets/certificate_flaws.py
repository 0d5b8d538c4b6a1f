"""Finds flaws in the certificates of a stack."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from panda_infra.authority import HostCertificate, read_authority
from panda_infra.config.certificates import keeps_authority
from panda_infra.config.messages import set_secret
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.errors import Problem
from panda_infra.plan.consumers import ISSUED, issued_secrets, readers
from panda_infra.products.content import reveal
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.tls import certificate_blocks
from panda_infra.secrets import certificates
from panda_infra.secrets.certificates import Flaw
from panda_infra.secrets.certified_hosts import ARGOCD, certified_hosts, certified_owner, presented_hosts

__all__ = ["certificate_flaws", "flaws_by_key"]


def certificate_flaws(config: StackConfig, stack: str, now: datetime, *, soon: bool) -> Iterator[Problem]:
    """The flaws, present or coming ``soon``, of the stack's authority and of each certificate that it reads."""
    yield from (
        Problem("secrets.authority", flaw.what, f"Run `{set_secret(stack, 'authority')} --file ca.pem`.")
        for flaw in _of_authority(config, now)
        if flaw.soon == soon
    )
    for key, flaw in flaws_by_key(config, now):
        if flaw.soon == soon:
            yield _certificate_problem(config, key, flaw, stack)


def _of_authority(config: StackConfig, now: datetime) -> list[Flaw]:
    text = reveal(config.secrets.authority)
    if text in ("", ENCRYPTED) or not keeps_authority(config.certificates):
        return []
    try:
        return certificates.check_authority(read_authority(text, now=now))
    except ValueError as error:
        return [Flaw("authority", f"is {error}")]


def flaws_by_key(config: StackConfig, now: datetime) -> Iterator[tuple[str, Flaw]]:
    """The flaws, present and coming, of each certificate that the stack reads, with its key."""
    read = readers(config).keys() - issued_secrets(config).keys()
    generated = config.certificates.kind == "generated"
    authority = "".join(certificate_blocks(reveal(config.secrets.authority)))
    for field, info in type(config.secrets.certificates).model_fields.items():
        given = getattr(config.secrets.certificates, field)
        certificate, key, chain = (reveal(each) for each in (given.certificate, given.key, given.chain))
        if not (certificate and key) or ENCRYPTED in (certificate, key, chain):
            continue
        key_of, owner = str(info.alias), certified_owner(str(info.alias))
        hosts = presented_hosts(config, owner)
        if not {f"{owner}-certs", f"{owner}{ISSUED}"} & read and not (owner == ARGOCD and hosts):
            continue
        wanted = certified_hosts(config, owner) if generated else hosts
        described = COMPONENTS[owner].certificate if owner in COMPONENTS else None
        of_rsa = bool(described and described.of_rsa)
        flaws = certificates.check(HostCertificate(certificate, key, chain), wanted, now=now, of_rsa=of_rsa)
        yield from ((key_of, flaw) for flaw in flaws)
        if generated and authority and "".join(certificate_blocks(chain)) != authority:
            yield key_of, Flaw("chain", "is not the stack's authority")


def _certificate_problem(config: StackConfig, key: str, flaw: Flaw, stack: str) -> Problem:
    where = f"certificates.{key}.{flaw.part}"
    if config.certificates.kind == "generated":
        fix = f"Run `python -m panda_infra init {stack}`, which issues a right one."
    else:
        fix = f"Run `{set_secret(stack, f'certificates.{key}')} --file host.p12` with a right one."
    return Problem(f"secrets.{where}", flaw.what, fix)
