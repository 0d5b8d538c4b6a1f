"""Fixtures of the interfaces: each interface has one, and what each is given."""

from __future__ import annotations

import json

import bcrypt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.products.ctao import keys
from panda_infra.products.ctao.components.dex import DexSecrets
from panda_infra.products.ctao.interfaces import Interfaces
from panda_infra.products.ctao.rules.interfaces import fixtures
from panda_infra.products.ctao.trust import hashed_password
from panda_infra.products.registry import COMPONENTS
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import stand_ins
from tests.support import ctao


@pytest.fixture(scope="module")
def stack() -> StackConfig:
    config = ctao.stack()
    return config.model_copy(update={"secrets": stand_ins(config)})


def test_each_interface_has_a_fixture() -> None:
    assert set(fixtures()) == set(Interfaces.model_fields) - {"environment"}
    assert set(fixtures().values()) <= set(COMPONENTS)


def test_the_issuer_of_the_fixture_is_that_of_diracx(stack: StackConfig) -> None:
    made = build(stack)
    issuer = json.loads(made["dex"].data["dex.yaml"])
    variables = make_plan("ctao", stack).release("diracx").values["parts"]["server"]["variables"]
    configuration = make_plan("ctao", stack).release("diracx").values["parts"]["server"]["files"]
    (text,) = (each for path, each in configuration.items() if path.endswith(".yml"))
    assert (
        issuer["issuer"]
        == json.loads(text)["Registry"]["ctao"]["IdP"]["URL"]
        == "https://ctao-dex-server:5554"
    )
    assert [client["id"] for client in issuer["staticClients"]] == ["dpps"]
    # Its certificate is of no authority that an image knows.
    assert variables["SSL_CERT_FILE"] == "/work/trust/authorities.pem"


def test_nobody_has_a_published_password(stack: StackConfig) -> None:
    """C40: INDIGO IAM's own start has an administrator with a well-known one."""
    (user,) = json.loads(build(stack)["dex"].data["dex.yaml"])["staticPasswords"]
    password = stack.secrets.of(DexSecrets).user_password
    assert password is not None
    assert bcrypt.checkpw(password.get_secret_value().encode(), user["hash"].encode())


def test_a_hash_is_equal_for_equal_passwords() -> None:
    one = hashed_password("a-password")
    assert one == hashed_password("a-password") != hashed_password("another")
    assert bcrypt.checkpw(b"a-password", one.encode())


def test_the_authorities_hold_no_key(stack: StackConfig) -> None:
    """C41: upstream mounts the authority's private key into every server."""
    text = build(stack)["authorities"].data["ca.pem"].decode()
    assert "PRIVATE KEY" not in text
    # One authority has signed them all.
    assert text.count("BEGIN CERTIFICATE") == 1


def test_authorities_outside_are_trusted_too() -> None:
    trust = stand_ins(ctao.stack()).certificates.of("rucio").chain
    assert trust is not None
    outside = {"kind": "external", "url": "https://s3.site.org", "trust": trust.get_secret_value()}
    config = ctao.stack(interfaces=ctao.INTERFACES | {"objectstore": outside})
    config = config.model_copy(update={"secrets": stand_ins(config)})
    assert build(config)["authorities"].data["ca.pem"].decode().count("BEGIN CERTIFICATE") == 2


def test_programs_trust_what_cert_manager_issues(stack: StackConfig) -> None:
    """Storages let the daemons' robot in, and DIRAC finds Rucio, whose certificates are not in the stack file."""
    authority = stack.secrets.certificates.of("rucio").chain
    assert authority is not None
    issued = {"kind": "cert-manager", "clusterIssuer": "site-ca", "authorities": authority.get_secret_value()}
    config = ctao.stack(certificates=issued)
    config = config.model_copy(update={"secrets": stand_ins(config)})
    known = build(config)["authorities"].data["ca.pem"].decode()
    assert authority.get_secret_value().strip() in known


def test_the_storage_has_a_key_that_gsi_reads(stack: StackConfig) -> None:
    """XRootD refuses everybody by its own protocol if its key is of ECDSA: it cannot encrypt with it."""
    key = load_pem_private_key(build(stack)["xrootd-tls-certs"].data["tls.key"], None)
    assert isinstance(key, RSAPrivateKey)
    others = load_pem_private_key(build(stack)["fts-tls-certs"].data["tls.key"], None)
    assert not isinstance(others, RSAPrivateKey)


def test_only_a_certificate_gives_rights_at_the_storage() -> None:
    """Without a table of rights XRootD lets everybody read and write by HTTP."""
    files = make_plan("ctao", ctao.stack()).release("xrootd").values["parts"]["first"]["files"]
    configuration = files["/etc/xrootd/storage.cfg"].splitlines()
    for line in ("ofs.authorize", "acc.authdb /etc/xrootd/rights", "http.gridmap required /etc/xrootd/users"):
        assert line in configuration
    (gsi,) = (line for line in configuration if line.startswith("sec.protocol gsi "))
    assert "-gridmap:/etc/xrootd/users -gmapopt:2" in gsi
    # Not `u *`, which is everybody: also who has shown no certificate.
    assert files["/etc/xrootd/rights"] == "u grid /ctao a\n"
    assert files["/etc/xrootd/users"] == '"^/" grid\n'


def test_a_storage_copies_from_the_other_one() -> None:
    """By HTTP with a macaroon of the other server, by XRootD with the client's delegated proxy."""
    files = make_plan("ctao", ctao.stack()).release("xrootd").values["parts"]["second"]["files"]
    configuration = files["/etc/xrootd/storage.cfg"].splitlines()
    for line in (
        "ofs.authlib ++ libXrdMacaroons.so",
        "http.exthandler xrdtpc libXrdHttpTPC.so",
        "http.exthandler xrdmacaroons libXrdMacaroons.so",
        "ofs.tpc fcreds ?gsi =X509_USER_PROXY autorm pgm /usr/bin/xrdcp --server",
    ):
        assert line in configuration
    (gsi,) = (line for line in configuration if line.startswith("sec.protocol gsi "))
    assert "-dlgpxy:1 -exppxy:=creds" in gsi
    start = files["/etc/xrootd/storage.sh"]
    assert "X509_CERT_DIR=/work/authorities" in start
    # Neither way makes the folder that is exported.
    assert "/data/ctao" in start


@pytest.mark.parametrize(
    "text", ["", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"]
)
def test_other_texts_are_no_keys_for_ssh(text: str) -> None:
    assert "no private key" in (keys.flaw_of_ssh_key(text) or "")
    assert keys.flaw_of_ssh_key(keys.new_ssh_key()) is None


def test_the_transfer_service_keeps_its_password_in_secrets(stack: StackConfig) -> None:
    made = build(stack)
    password = made["fts-db"].data["MARIADB_PASSWORD"].decode()
    for file in ("fts3config", "fts3restconfig"):
        assert f"DbPassword={password}\n" in made["fts"].data[file].decode()
    assert password not in json.dumps(make_plan("ctao", stack).release("fts").values)


def test_jobs_see_the_software_of_the_fixture(stack: StackConfig) -> None:
    part = make_plan("ctao", stack).release("ce").values["parts"]["server"]
    assert part["claims"] == {"/cvmfs": "ctao-cvmfs-volume-server"}
    shared = make_plan("ctao", stack).release("cvmfs-volume").values["parts"]["server"]["data"]
    assert shared["access"] == "ReadWriteMany"
