from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testbed import pki


@pytest.fixture(scope="module")
def authority() -> pki.Authority:
    return pki.Authority.fresh("some authority")


def load(pair: pki.Pair) -> x509.Certificate:
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    key = serialization.load_pem_private_key(pair.key, None)
    assert key.public_key() == certificate.public_key()
    return certificate


def test_authority_signs_and_only_it_may(authority: pki.Authority) -> None:
    root, leaf = load(authority.pair), load(authority.server("s", ["localhost"]))
    leaf.verify_directly_issued_by(root)
    constraints = [
        one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for one in (root, leaf)
    ]
    assert constraints == [True, False]


def test_server_certificate_holds_for_names_and_addresses(authority: pki.Authority) -> None:
    leaf = load(authority.server("s", ["localhost", "127.0.0.1"]))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_client_certificate_names_user_and_group(authority: pki.Authority) -> None:
    subject = load(authority.client("me", "system:masters")).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "me"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:masters"


def test_keys_are_for_their_owner_alone(authority: pki.Authority, tmp_path: Path) -> None:
    authority.client("me").write(tmp_path / "me")
    assert (tmp_path / "me.key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "me.crt").read_bytes().startswith(b"-----BEGIN CERTIFICATE")


def test_text_form_shows_no_key(authority: pki.Authority) -> None:
    assert "PRIVATE" not in repr(authority.pair)


def test_an_authority_goes_on_from_its_files(authority: pki.Authority, tmp_path: Path) -> None:
    authority.pair.write(tmp_path / "ca")
    later = pki.Authority.of(tmp_path / "ca")
    assert later.pair == authority.pair
    load(later.client("somebody")).verify_directly_issued_by(load(authority.pair))
