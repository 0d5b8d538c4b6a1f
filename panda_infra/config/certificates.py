"""Where the certificates of hosts and robots come from."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from panda_infra.config.base import Authorities, DnsName, Form, Model
from panda_infra.products.secret_values import SecretValue

__all__ = [
    "AuthoritySecret",
    "CertManagerCertificates",
    "CertificateSource",
    "GeneratedCertificates",
    "GivenCertificates",
    "keeps_authority",
]

Duration = Annotated[
    str, Form(r"[1-9]\d{0,5}[hm]", "a number of hours or minutes, as cert-manager spells it", "2160h")
]


class GivenCertificates(Model):
    """Certificates that the site has, each a secret of the stack."""

    kind: Literal["given"] = "given"
    """Secrets of the stack."""


class GeneratedCertificates(Model):
    """Certificates that `init` makes, by an authority of the stack's own."""

    kind: Literal["generated"]
    """Made by `init` and kept as secrets of the stack."""


class CertManagerCertificates(Model):
    """Certificates that cert-manager issues and renews in the cluster."""

    kind: Literal["cert-manager"]
    """Issued and renewed by cert-manager, which the cluster must have."""
    cluster_issuer: DnsName | None = None
    """ClusterIssuer of the cluster; default: an Issuer of the stack, with the authority of its secrets."""
    authorities: Authorities | None = None
    """Authorities that the ClusterIssuer signs by, as PEM, for clients inside of the stack."""
    duration: Duration = "2160h"
    """Time for which a certificate is valid."""
    renew_before: Duration = "720h"
    """Time before its end at which it is renewed."""


CertificateSource = Annotated[
    GivenCertificates | GeneratedCertificates | CertManagerCertificates, Field(discriminator="kind")
]


def keeps_authority(source: CertificateSource) -> bool:
    """True if the stack has an authority of its own, among its secrets."""
    if isinstance(source, CertManagerCertificates):
        return source.cluster_issuer is None
    return isinstance(source, GeneratedCertificates)


def _new_authority() -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 - likewise

    from panda_infra.authority import make_authority  # noqa: PLC0415 - slow, and only for a new stack

    return make_authority("panda-infra authority", now=datetime.now(UTC)).pem


AuthoritySecret = Annotated[
    SecretStr | None,
    SecretValue(
        title="authority of the stack's certificates, with its key",
        make=_new_authority,
        needed=lambda config: keeps_authority(config.certificates),
        is_file=True,
        consequence="every certificate of the stack is issued anew",
    ),
]
