"""Host certificates are read, checked and made."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)

from panda_infra.authority import Authority, HostCertificate, make_authority
from panda_infra.ends import validity
from panda_infra.errors import PandaInfraError
from panda_infra.rules.judge import judge_values
from panda_infra.rules.warnings import warnings
from panda_infra.secrets.certificates import check, from_p12
from panda_infra.secrets.certified_hosts import certified_hosts, presented_hosts
from panda_infra.secrets.generate import make_certificates
from tests.unit.secrets.stacks import HOSTS, MINIMAL, config

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOST = "panda.site.org"


@cache
def authority() -> Authority:
    return make_authority("Test authority", now=NOW)


@cache
def good() -> HostCertificate:
    return authority().issue([HOST, "*.wild.site.org"])


def flaws(files: HostCertificate, *hosts: str, now: datetime = NOW) -> list[str]:
    return [f"{flaw.part} {flaw.what}" for flaw in check(files, hosts or (HOST,), now=now)]


def test_a_good_certificate_has_no_flaws() -> None:
    assert flaws(good(), HOST, "a.wild.site.org") == []


def test_a_certificate_whose_key_is_no_key_is_no_certificate() -> None:
    content = x509.load_pem_x509_certificate(good().certificate.encode())
    point = content.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    spoilt = content.public_bytes(Encoding.DER).replace(point, point[:1] + bytes(len(point) - 1))
    text = f"-----BEGIN CERTIFICATE-----\n{b64encode(spoilt).decode()}\n-----END CERTIFICATE-----\n"
    assert flaws(HostCertificate(text, good().key)) == ["certificate is not exactly one PEM certificate"]
    assert "chain holds something that is no PEM certificate" in flaws(
        HostCertificate(good().certificate, good().key, text)
    )
    assert validity(text) is None


def test_every_host_must_be_covered() -> None:
    assert flaws(good(), "other.site.org", "a.b.wild.site.org") == [
        f"certificate does not cover {host}, but {HOST}, *.wild.site.org"
        for host in ("other.site.org", "a.b.wild.site.org")
    ]


def test_the_key_must_belong_to_the_certificate() -> None:
    other = authority().issue([HOST])
    assert flaws(HostCertificate(good().certificate, other.key, good().chain)) == [
        "key does not belong to the certificate"
    ]


def test_a_reader_may_know_keys_of_rsa_alone() -> None:
    assert [flaw.what for flaw in check(good(), [HOST], now=NOW, of_rsa=True)] == [
        "is not of RSA, and what reads it knows no other keys"
    ]
    assert check(authority().issue([HOST], of_rsa=True), [HOST], now=NOW, of_rsa=True) == []


def test_an_encrypted_key_is_refused() -> None:
    key = load_pem_private_key(good().key.encode(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
    (flaw,) = flaws(HostCertificate(good().certificate, locked, good().chain))
    assert flaw.startswith("key is encrypted")


def test_the_chain_must_be_complete_and_in_order() -> None:
    stranger = make_authority("Stranger", now=NOW).issue([HOST])
    assert flaws(HostCertificate(good().certificate, good().key)) == [
        "chain is not complete: Test authority, which issued the certificate, is missing"
    ]
    assert flaws(HostCertificate(good().certificate, good().key, stranger.chain)) == [
        "chain is not in order: Stranger stands where Test authority should, which issued the one before"
    ]


def test_a_self_signed_certificate_needs_no_chain() -> None:
    pem = authority().certificate.public_bytes(Encoding.PEM).decode()
    files = HostCertificate(pem, good().key)
    assert [flaw for flaw in flaws(files) if flaw.startswith("chain")] == []


@pytest.mark.parametrize(
    ("shift", "words", "soon"),
    [
        (timedelta(days=-2), "is valid only from", False),
        (timedelta(days=3700), "expired on", False),
        (timedelta(days=3640), "expires in 10 days", True),
    ],
)
def test_validity(shift: timedelta, words: str, soon: bool) -> None:
    found = check(good(), [HOST], now=NOW + shift)
    assert {flaw.part for flaw in found} == {"certificate", "chain"}
    assert all(words in flaw.what and flaw.soon == soon for flaw in found)


@pytest.mark.parametrize(
    "text", ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_reported(text: str) -> None:
    assert flaws(HostCertificate(text, good().key)) == ["certificate is not exactly one PEM certificate"]


def test_two_certificates_in_one_are_reported() -> None:
    both = good().certificate + good().chain
    assert flaws(HostCertificate(both, good().key)) == ["certificate is not exactly one PEM certificate"]


@pytest.mark.parametrize("password", [None, "pass word"])
def test_a_p12_gives_its_parts(password: str | None) -> None:
    key = load_pem_private_key(good().key.encode(), None)
    leaf, issuer = (
        x509.load_pem_x509_certificate(text.encode()) for text in (good().certificate, good().chain)
    )
    locked: KeySerializationEncryption = NoEncryption()
    if password:
        locked = BestAvailableEncryption(password.encode())
    content = pkcs12.serialize_key_and_certificates(b"host", key, leaf, [issuer], locked)  # type: ignore[arg-type]
    assert flaws(from_p12(content, password)) == []
    with pytest.raises(PandaInfraError, match="another one"):
        from_p12(content, "wrong")


def test_a_certificate_shows_nothing_in_its_text_form() -> None:
    assert repr(good()) == "HostCertificate(***)"


def test_made_certificates_name_hosts_and_services() -> None:
    stack = config({**MINIMAL, "hosts": HOSTS})
    made = make_certificates(stack, now=NOW)
    assert set(made) == {"panda", "bigmon", "idds", "harvester", "ui", "iam"}
    wanted = ["panda.site.org", "panda-big.site.org", "panda-server", "panda-server.panda.svc"]
    assert set(wanted) <= set(certified_hosts(stack, "panda"))
    assert check(made["panda"], wanted, now=NOW) == []


def test_bigmons_certificate_covers_harvesters_host() -> None:
    hosts = {"bigmon": "bigmon.site.org", "harvester": "logs.site.org"}
    assert presented_hosts(config(hosts=hosts), "bigmon") == ["logs.site.org", "bigmon.site.org"]
    alone = config({**MINIMAL, "components": {"harvester": {}}, "hosts": {"harvester": "logs.site.org"}})
    assert presented_hosts(alone, "harvester") == ["logs.site.org"]


def test_a_stack_is_reported_about_its_certificates() -> None:
    certificate = {"certificate": good().certificate, "key": good().key, "chain": good().chain}
    stack = config(
        {**MINIMAL, "components": {"bigmon": {}}, "secrets": {"certificates": {"bigmon": certificate}}},
        hosts={"bigmon": "bigmon.site.org"},
        lifecycle={"protect": False},
    )
    (problem,) = judge_values(stack, stack="lsst", now=NOW)
    assert problem.where == "secrets.certificates.bigmon.certificate"
    assert "does not cover bigmon.site.org" in problem.what
    assert warnings(stack, stack="lsst", now=NOW) == []
    soon = warnings(stack, stack="lsst", now=NOW + timedelta(days=3640))
    assert [problem.where for problem in soon] == [
        "secrets.certificates.bigmon.certificate",
        "secrets.certificates.bigmon.chain",
    ]
