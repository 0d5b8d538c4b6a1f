"""Names of authorities in a folder are those that OpenSSL looks for."""

import subprocess
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from panda_infra.authority import as_pem
from panda_infra.products.ctao.trust_folder import hashed_names, subject_hash

_KEY = ec.generate_private_key(ec.SECP256R1())
_KINDS = (
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.DOMAIN_COMPONENT,
)


def certificate(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(_KEY, hashes.SHA256())
    )


def openssl(made: x509.Certificate) -> str:
    command = ["openssl", "x509", "-noout", "-subject_hash"]
    return subprocess.run(
        command, input=as_pem(made), capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_name_has_the_hash_of_openssl() -> None:
    made = certificate(
        (NameOID.DOMAIN_COMPONENT, "org"),
        (NameOID.COUNTRY_NAME, "DE"),
        (NameOID.ORGANIZATION_NAME, "  GridKa   Ünit "),
        (NameOID.COMMON_NAME, "A CA with a long name " + "x" * 40),
    )
    assert subject_hash(made) == openssl(made)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(_KINDS), st.text("aB Zé.-:/ 9", min_size=1, max_size=60).filter(str.strip)),
        min_size=1,
        max_size=5,
    )
)
def test_any_name_has_the_hash_of_openssl(attributes: list[tuple[x509.ObjectIdentifier, str]]) -> None:
    # The encoding of domain components has ASCII alone.
    plain = [
        (kind, value.encode("ascii", "ignore").decode() or "x")
        if kind == NameOID.DOMAIN_COMPONENT
        else (kind, value)
        for kind, value in attributes
    ]
    made = certificate(*plain)
    assert subject_hash(made) == openssl(made)


def test_authorities_of_one_name_are_numbered() -> None:
    one, other = certificate((NameOID.COMMON_NAME, "A")), certificate((NameOID.COMMON_NAME, "B"))
    first, second, third = hashed_names([as_pem(one), as_pem(other), as_pem(one)])
    assert (first, third) == (f"{subject_hash(one)}.0", f"{subject_hash(one)}.1")
    assert second == f"{subject_hash(other)}.0"
