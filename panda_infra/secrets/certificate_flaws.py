"""Finds flaws in the host certificates of a stack."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from panda_infra.config.messages import set_secret
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.errors import Problem
from panda_infra.plan.consumers import readers
from panda_infra.products.content import reveal
from panda_infra.secrets import certificates
from panda_infra.secrets.certificates import Flaw, HostCertificate
from panda_infra.secrets.certified_hosts import ARGOCD, presented_hosts

__all__ = ["certificate_flaws"]


def certificate_flaws(config: StackConfig, stack: str, now: datetime, *, soon: bool) -> Iterator[Problem]:
    """The flaws, present or coming ``soon``, of each host certificate that the stack reads."""
    read = readers(config).keys()
    for owner, info in type(config.secrets.certificates).model_fields.items():
        given = getattr(config.secrets.certificates, owner)
        certificate, key, chain = (reveal(each) for each in (given.certificate, given.key, given.chain))
        if not (certificate and key) or ENCRYPTED in (certificate, key, chain):
            continue
        hosts = presented_hosts(config, owner)
        if not {f"{owner}-certs", f"{owner}-tls-certs"} & read and not (owner == ARGOCD and hosts):
            continue
        flaws = certificates.check(HostCertificate(certificate, key, chain), hosts, now=now)
        yield from (_certificate_problem(str(info.alias), flaw, stack) for flaw in flaws if flaw.soon == soon)


def _certificate_problem(owner: str, flaw: Flaw, stack: str) -> Problem:
    where = f"certificates.{owner}.{flaw.part}"
    fix = f"Run `{set_secret(stack, f'certificates.{owner}')} --file host.p12` with a right one."
    return Problem(f"secrets.{where}", flaw.what, fix)
