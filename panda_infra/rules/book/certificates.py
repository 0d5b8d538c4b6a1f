"""Rules about where certificates come from."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.certificates import CertManagerCertificates
from panda_infra.errors import Problem
from panda_infra.plan.certificates import issued
from panda_infra.products.rule import WHOLE, rule
from panda_infra.rules.subject import Subject

__all__ = ["are_known_to_clients", "are_renewed_in_time", "have_readers"]

_MINUTES = {"h": 60, "m": 1}
# The least values that the webhook of cert-manager accepts, in minutes.
_SHORTEST, _LATEST = 60, 5


@rule("certificates")
def are_renewed_in_time(subject: Subject) -> Iterator[Problem]:
    """A certificate is renewed before its end, within the limits of cert-manager."""
    source = subject.config.certificates
    if not isinstance(source, CertManagerCertificates):
        return
    duration, before = _minutes(source.duration), _minutes(source.renew_before)
    if duration < _SHORTEST:
        what = "is shorter than an hour, which cert-manager refuses"
        yield Problem("certificates.duration", what, "Write e.g. `duration: 2160h`.")
    elif not _LATEST <= before < duration:
        what = f"must be at least {_LATEST} minutes, and shorter than the duration of {source.duration}"
        yield Problem(
            "certificates.renewBefore", what, "Write a third of the duration, e.g. `720h` of `2160h`."
        )


@rule("certificates")
def are_known_to_clients(subject: Subject) -> Iterator[Problem]:
    """The key `authorities` belongs to a ClusterIssuer: an own Issuer signs by the stack's own authority."""
    source = subject.config.certificates
    if isinstance(source, CertManagerCertificates) and source.authorities and not source.cluster_issuer:
        what = "has no effect: the stack's own Issuer signs by `secrets.authority`"
        yield Problem("certificates.authorities", what, "Remove it, or name a `clusterIssuer`.")


@rule(WHOLE)
def have_readers(subject: Subject) -> Iterator[Problem]:
    """cert-manager must have a certificate to issue that something reads."""
    if isinstance(subject.config.certificates, CertManagerCertificates) and not issued(subject.config):
        what = "has no effect: nothing in this stack reads a certificate that cert-manager could issue"
        yield Problem("certificates.kind", what, "Write `kind: given`, or expose a host.")


def _minutes(text: str) -> int:
    return int(text[:-1]) * _MINUTES[text[-1]]
