"""Certificates, keys, PKCS#12, key sets and CRIC's lists, changed: their flaws are reported in words."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    load_pem_private_key,
    pkcs12,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panda_infra.authority import HostCertificate, make_authority
from panda_infra.ends import validity
from panda_infra.products.content import as_text
from panda_infra.products.panda.context import Context
from panda_infra.products.panda.cric_lists import check_folder, jsons
from panda_infra.products.panda.keystore import check_keystore, key_id, make_keystore
from panda_infra.secrets.certificates import check, from_p12
from tests.support.held import CANARY, check_words, held
from tests.support.mutations import bytes_of, texts, trees
from tests.unit.secrets.stacks import config
from tools import REPOSITORY

_NOW = datetime.now(UTC)
_HOST = "panda.site.org"
_AUTHORITY = make_authority("An authority", now=_NOW)
_MADE = _AUTHORITY.issue([_HOST])
_PROXY = _MADE.certificate + _MADE.key + _MADE.chain
_KEYS = make_keystore()


def judged(certificate: str, key: str, chain: str) -> None:
    """As `check`, `secrets set` and `secrets audit` look at a host certificate."""
    for flaw in check(HostCertificate(certificate, key, chain), [_HOST], now=_NOW):
        check_words(f"{flaw.part} {flaw.what}")
        assert not any(line in flaw.what for line in _MADE.key.splitlines() if len(line) > 20)
    for text in (certificate, key, chain):
        validity(text)


@given(texts([_MADE.certificate, _PROXY]), texts([_MADE.key]), texts([_MADE.chain]))
@settings(max_examples=100)
def test_flaws_of_a_changed_certificate_are_reported(certificate: str, key: str, chain: str) -> None:
    for parts in ((certificate, _MADE.key, _MADE.chain), (_MADE.certificate, key, _MADE.chain)):
        held(partial(judged, *parts))
    held(partial(judged, _MADE.certificate, _MADE.key, chain))


@given(bytes_of([_MADE.certificate.encode(), _MADE.key.encode()]))
@settings(max_examples=100)
def test_flaws_of_changed_bytes_are_reported(content: bytes) -> None:
    text = as_text(content)
    held(partial(judged, text, _MADE.key, text))
    held(partial(judged, _MADE.certificate, text, ""))


@st.composite
def _changed_der(draw: Any) -> str:
    """A certificate in PEM whose content was changed: it is base64 as before."""
    content = draw(
        bytes_of([x509.load_pem_x509_certificate(_MADE.certificate.encode()).public_bytes(Encoding.DER)])
    )
    return f"-----BEGIN CERTIFICATE-----\n{b64encode(content).decode()}\n-----END CERTIFICATE-----\n"


@given(_changed_der())
@settings(max_examples=200)
def test_flaws_within_a_certificate_are_reported(certificate: str) -> None:
    held(partial(judged, certificate, _MADE.key, certificate))


def _p12(encryption: KeySerializationEncryption) -> bytes:
    key = load_pem_private_key(_MADE.key.encode(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    certificate = x509.load_pem_x509_certificate(_MADE.certificate.encode())
    return pkcs12.serialize_key_and_certificates(b"n", key, certificate, [_AUTHORITY.certificate], encryption)


@given(
    bytes_of([_p12(NoEncryption()), _p12(BestAvailableEncryption(CANARY.encode()))]),
    st.sampled_from([None, CANARY, "é", ""]),
)
@settings(max_examples=100)
def test_a_changed_p12_is_read_or_refused(content: bytes, password: str | None) -> None:
    held(partial(from_p12, content, password))


def reported(text: str) -> None:
    """As `check` and the plan look at the keys of IAM."""
    key_id(text)
    flaw = check_keystore(text)
    if flaw:
        check_words(flaw)
        assert not any(
            str(number) in flaw for number in json.loads(_KEYS)["keys"][0].values() if len(str(number)) > 20
        )


@given(texts([_KEYS, json.dumps(json.loads(_KEYS), indent=1)]))
@settings(max_examples=100)
def test_flaws_of_a_changed_key_set_are_reported(text: str) -> None:
    held(partial(reported, text))


@given(trees([json.loads(_KEYS)]))
@settings(max_examples=150)
def test_flaws_of_changed_keys_are_reported(tree: Any) -> None:
    held(partial(reported, json.dumps(tree)))


_LISTS = REPOSITORY / "cric_jsons"
_NAMES = ("sites.json", "panda_queues.json", "ddm_endpoints.json")
_ENTRY = {name: dict(list(json.loads((_LISTS / name).read_text()).items())[:2]) for name in _NAMES}


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    for name in _NAMES:
        (folder / name).write_text(json.dumps(_ENTRY[name]))
    return folder


def read(folder: Path, name: str, content: bytes) -> None:
    """As `check` looks at the lists and a Secret takes them in: what is right Python's `json` reads as it stands."""
    file = folder / name
    good = file.read_bytes()
    file.write_bytes(content)
    try:
        problems = check_folder(folder)
        for problem in problems:
            check_words(str(problem))
        files = jsons(Context(config(cric={"real": False, "folder": str(folder)})))
        if not problems:
            assert files[name] == content
            assert json.loads(json.dumps(json.loads(content), allow_nan=False)) == json.loads(content)
    finally:
        file.write_bytes(good)


@given(st.sampled_from(_NAMES), st.data())
@settings(max_examples=150)
def test_flaws_of_a_changed_list_are_reported(lists: Path, name: str, data: st.DataObject) -> None:
    text = data.draw(texts([json.dumps(_ENTRY[name], indent=1)]))
    held(partial(read, lists, name, text.encode(errors="surrogatepass")))
    held(partial(read, lists, name, json.dumps(data.draw(trees([_ENTRY[name]]))).encode()))


@pytest.mark.long
@given(st.sampled_from(_NAMES), bytes_of([json.dumps(each).encode() for each in _ENTRY.values()], most=6))
@settings(max_examples=1000, suppress_health_check=list(HealthCheck))
def test_flaws_of_changed_bytes_of_a_list_are_reported(lists: Path, name: str, content: bytes) -> None:
    held(partial(read, lists, name, content))
