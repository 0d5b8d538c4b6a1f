"""cert-manager itself issues and renews a stack's certificates on the real API.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic.alias_generators import to_camel

from panda_infra.products.ctao.dirac_config import PROGRAMS
from panda_infra.products.ctao.trust import subject_of
from testbed import cert_manager, leftovers, stacks, waiting
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import ctao

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "ctao-issued"
_CERTIFICATES = f"{cert_manager.GROUP}/namespaces/{_NAMESPACE}/certificates"
_SECRETS = f"/api/v1/namespaces/{_NAMESPACE}/secrets"
_SERVER, _ROBOT = "ctao-secrets-rucio-tls-certs", "ctao-secrets-rucio-daemons-tls-certs"
_DIRAC, _STORAGE = "ctao-secrets-dirac-tls-certs", "ctao-secrets-xrootd-tls-certs"
_SECTION = "panda-infra:certificates"
_AT_ONCE = {"values": {"minReadySeconds": 0}}
_SUBJECT = "CN=Robot: DPPS,OU=Robots,O=CTAO"
_COMPONENTS: dict[str, Any] = {
    "rucio-db": {},
    "rucio-bootstrap": {},
    "rucio": _AT_ONCE,
    "rucio-daemons": {**_AT_ONCE, "settings": {"transferTool": "mock", "robot": _SUBJECT}},
    "dirac-db": {},
    "dirac-bootstrap": {},
    # The server of the configuration and one program stand for all.
    "dirac": {to_camel(name.replace("-", "_")): {"enabled": False} for name in PROGRAMS if name != "matcher"},
    "xrootd": {},
}
# A minute after its issue it is due again.
_SHORT = {"kind": "cert-manager", "duration": "1h", "renewBefore": "59m"}
_UNTIL_DUE = 150.0


@pytest.fixture(scope="module")
def stack(
    bed: Bed,
    before: frozenset[str],  # noqa: ARG001 - looked at first
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workspace]:
    file = ctao.written(
        tmp_path_factory.mktemp("ctao"),
        namespace=_NAMESPACE,
        components=_COMPONENTS,
        interfaces={"environment": "ci"}
        | {name: {"kind": "fixture"} for name in ("rucioDatabase", "diracDatabase", "storage")},
        hosts={"rucio": "rucio.localhost"},
        certificates={"kind": "cert-manager"},
    )
    workspace = stacks.of_file(bed, file, bed.state / "stacks" / _NAMESPACE)
    yield workspace
    workspace.destroy()


@pytest.fixture(scope="module")
def issuing(bed: Bed, stack: Workspace) -> Iterator[None]:
    """cert-manager, from the second test on."""
    with cert_manager.running(bed):
        yield
        stack.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def secret(api: Api, name: str) -> dict[str, bytes]:
    found: Object = api.get(f"{_SECRETS}/{name}")
    return {key: b64decode(value) for key, value in found["data"].items()}


def revision(api: Api, name: str) -> int:
    return int(api.get(f"{_CERTIFICATES}/{name}")["status"].get("revision", 0))


def test_a_cluster_without_cert_manager_is_refused_before_anything_is_made(
    stack: Workspace, api: Api
) -> None:
    done = stack.up()
    assert done.code != 0
    assert "certificates.kind: the cluster has no cert-manager" in done.text
    assert "Traceback" not in done.text
    assert not api.exists(f"/api/v1/namespaces/{_NAMESPACE}")


@pytest.mark.usefixtures("issuing")
def test_certificates_are_issued_by_the_stacks_authority(stack: Workspace, api: Api, tmp_path: Path) -> None:
    done = stack.up()
    assert done.code == 0, done.text
    server, trusted = secret(api, _SERVER), secret(api, "ctao-secrets-rucio-ca")["ca.pem"]
    certificate, authority = tmp_path / "tls.crt", tmp_path / "ca.pem"
    certificate.write_bytes(server["tls.crt"])
    authority.write_bytes(trusted)
    options = ["-CAfile", str(authority), "-verify_hostname", "ctao-rucio-server", "-purpose", "sslserver"]
    verified = subprocess.run(
        ["openssl", "verify", *options, str(certificate)], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stderr
    found = x509.load_pem_x509_certificate(server["tls.crt"])
    assert found.subject.rfc4514_string() == "CN=rucio.localhost"


@pytest.mark.usefixtures("issuing")
def test_readers_get_the_keys_that_the_other_sources_give(api: Api) -> None:
    assert {"tls.crt", "tls.key"} <= secret(api, _SERVER).keys()
    robot = secret(api, _ROBOT)
    assert {"tls.crt", "tls.key", "tls-combined.pem"} <= robot.keys()
    assert robot["tls.key"].strip() in robot["tls-combined.pem"]
    assert x509.load_pem_x509_certificate(robot["tls.crt"]).subject.rfc4514_string() == _SUBJECT


@pytest.mark.usefixtures("issuing")
def test_dirac_trusts_the_host_of_its_certificate(api: Api) -> None:
    """C48: by another subject no service would do anything for a program."""
    issued = secret(api, _DIRAC)
    assert {"tls.crt", "tls.key"} <= issued.keys()
    found = x509.load_pem_x509_certificate(issued["tls.crt"])
    assert found.subject.rfc4514_string() == f"CN=ctao-dirac-master-cs.{_NAMESPACE}.svc"
    assert (
        f"DN = {subject_of(issued['tls.crt'].decode())}\n"
        in secret(api, "ctao-secrets-dirac")["secrets.cfg"].decode()
    )


@pytest.mark.usefixtures("issuing")
def test_the_storage_gets_a_key_that_gsi_reads(api: Api) -> None:
    key = load_pem_private_key(secret(api, _STORAGE)["tls.key"], None)
    assert isinstance(key, RSAPrivateKey)


@pytest.mark.usefixtures("issuing")
def test_up_again_changes_nothing(stack: Workspace) -> None:
    done = stack.up("--json")
    assert done.code == 0, done.text
    assert changes(done.stdout) == ()


@pytest.mark.usefixtures("issuing")
def test_another_host_is_issued_once_and_replaces_the_pods_once(stack: Workspace, api: Api) -> None:
    stack.configure({"panda-infra:hosts": {"rucio": "other.localhost"}})
    done = stack.up()
    assert done.code == 0, done.text
    names = x509.load_pem_x509_certificate(secret(api, _SERVER)["tls.crt"]).extensions
    listed = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "other.localhost" in listed.get_values_for_type(x509.DNSName)
    again = stack.up("--json")
    assert changes(again.stdout) == ()


@pytest.mark.usefixtures("issuing")
def test_a_renewed_certificate_replaces_the_pods_that_read_it_at_their_start(
    stack: Workspace, api: Api
) -> None:
    stack.configure({_SECTION: _SHORT})
    done = stack.up()
    assert done.code == 0, done.text
    first, issued = secret(api, _SERVER)["tls.crt"], revision(api, _SERVER)
    waiting.until(lambda: revision(api, _SERVER) > issued, "the certificate being renewed", _UNTIL_DUE)
    assert secret(api, _SERVER)["tls.crt"] != first
    done = stack.up("--json")
    assert done.code == 0, done.text
    touched = changes(done.stdout)
    for component in ("rucio", "dirac"):
        assert any(component in each for each in touched), touched
    # Daemons read the files anew by themselves.
    assert not any("daemons" in each for each in touched), touched


@pytest.mark.usefixtures("issuing")
def test_destroy_leaves_nothing(stack: Workspace, bed: Bed, api: Api, before: frozenset[str]) -> None:
    done = stack.destroy()
    assert done.code == 0, done.text
    assert not api.exists(f"/api/v1/namespaces/{_NAMESPACE}")
    ours = [each for each in leftovers.of_cluster(bed) - before if "cert-manager.io" not in each]
    assert ours == []
