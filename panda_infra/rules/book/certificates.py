"""Rule about certificates and tokens."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.rule import WHOLE, rule
from panda_infra.rules.subject import Subject
from panda_infra.secrets.certificate_flaws import certificate_flaws
from panda_infra.secrets.lifetimes import check_lifetimes

__all__ = ["check"]


@rule(WHOLE)
def check(subject: Subject) -> Iterator[Problem]:
    """Certificates must be valid for their hosts, and nothing may have expired."""
    yield from certificate_flaws(subject.config, subject.stack, subject.now, soon=False)
    yield from check_lifetimes(subject.config, subject.stack, subject.now, soon=False)
