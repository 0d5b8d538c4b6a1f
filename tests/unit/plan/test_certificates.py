"""The three ways to a certificate end in the same Secrets; cert-manager's objects name whose each is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from panda_infra.authority import make_authority, read_authority
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.stack import StackConfig
from panda_infra.plan.certificates import certificate_objects, issued
from panda_infra.plan.consumers import ISSUED
from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import ClusterObject
from panda_infra.rules.judge import judge_values
from panda_infra.secrets.build import build
from panda_infra.secrets.fields import missing
from panda_infra.secrets.generate import make_certificates, stand_ins, with_values
from tests.support import ctao, stacks

_ROBOT = "CN=Robot: DPPS,OU=Robots,O=CTAO"
_OWN = {"kind": "cert-manager"}
_NOW = datetime.now(UTC)
# What cert-manager writes: its documentation of Certificates, `secretName` and `additionalOutputFormats`.
_HOST_KEYS, _ROBOT_KEYS = {"tls.crt", "tls.key"}, {"tls.crt", "tls.key", "tls-combined.pem"}


def stack(source: dict[str, Any], **overrides: Any) -> StackConfig:
    """Rucio alone, with a robot: other components read certificates in forms of their own."""
    components: dict[str, Any] = {
        name: {} for name in ("rucio-db", "rucio-bootstrap", "rucio", "rucio-config")
    }
    components["rucio-daemons"] = {"settings": {"robot": _ROBOT}}
    interfaces = {"environment": "ci", "rucioDatabase": {"kind": "fixture"}}
    return ctao.stack(components=components, interfaces=interfaces, certificates=source, **overrides)


def complete(config: StackConfig) -> StackConfig:
    return config.model_copy(update={"secrets": stand_ins(config)})


def objects(config: StackConfig) -> dict[str, ClusterObject]:
    return {f"{each.kind}/{each.name}": each for each in certificate_objects(make_plan("ctao", config))}


@pytest.mark.parametrize(
    "source", [{"kind": "given"}, {"kind": "generated"}, _OWN], ids=lambda each: each["kind"]
)
def test_every_source_gives_the_same_secrets_to_the_readers(source: dict[str, Any]) -> None:
    config = complete(stack(source))
    made = {suffix: set(content.data) for suffix, content in build(config).items()}
    for each in issued(config):
        made[each.suffix] = _ROBOT_KEYS if each.subject else _HOST_KEYS
    same = complete(stack({"kind": "given"}))
    assert made == {suffix: set(content.data) for suffix, content in build(same).items()}
    assert made["rucio-tls-certs"] == _HOST_KEYS
    assert made["rucio-daemons-tls-certs"] == _ROBOT_KEYS
    assert {"ca.pem"} == made["rucio-ca"]
    assert any(name.endswith(".0") for name in made["rucio-trust"])


def test_clients_trust_the_authority_and_never_see_its_key() -> None:
    """C41: what servers mount holds no key of an authority."""
    config = complete(stack(_OWN))
    contents = build(config)
    for suffix in ("rucio-ca", "rucio-trust"):
        for text in contents[suffix].data.values():
            assert b"PRIVATE KEY" not in text
    authority = read_authority(str(config.secrets.authority.get_secret_value()), now=_NOW)  # type: ignore[union-attr]
    assert x509.load_pem_x509_certificate(contents["rucio-ca"].data["ca.pem"]) == authority.certificate


def test_a_certificate_names_the_service_and_the_exposed_host() -> None:
    """C48: without a common name the subject would be empty."""
    made = objects(complete(stack(_OWN, hosts={"rucio": "rucio.site.org"})))
    spec = made["Certificate/rucio-tls-certs"].fields["spec"]
    assert spec["commonName"] == "rucio.site.org"
    assert spec["dnsNames"] == ["rucio.site.org", "ctao-rucio-server", "ctao-rucio-server.ctao.svc"]
    assert spec["issuerRef"]["kind"] == "Issuer"
    robot = made["Certificate/rucio-daemons-tls-certs"].fields["spec"]
    assert robot["literalSubject"] == _ROBOT
    assert "dnsNames" not in robot
    assert robot["additionalOutputFormats"] == [{"type": "CombinedPEM"}]


def test_a_long_host_is_no_common_name() -> None:
    long = "rucio." + "x" * 60 + ".org"
    spec = objects(complete(stack(_OWN, hosts={"rucio": long})))["Certificate/rucio-tls-certs"].fields["spec"]
    assert spec["dnsNames"][0] == long
    assert spec["commonName"] == "ctao-rucio-server"


def test_an_issuer_of_the_cluster_needs_no_authority() -> None:
    text = (
        make_authority("Site", now=_NOW).pem.partition("-----BEGIN EC")[0].partition("-----BEGIN PRIVATE")[0]
    )
    source = {**_OWN, "clusterIssuer": "site-ca", "authorities": text}
    config = stack(source)
    assert not [field for field in missing(config) if field.path[0] in ("authority", "certificates")]
    made = objects(complete(config))
    assert not any(key.startswith("Issuer/") for key in made)
    spec = made["Certificate/rucio-tls-certs"].fields["spec"]
    assert spec["issuerRef"] == {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "site-ca"}


def test_secrets_of_pods_of_panda_stay_given_beside_those_of_its_ingresses() -> None:
    """Pods read files that cert-manager does not write; the Ingress reads what it does."""
    config = stacks.stack(hosts={"panda": "panda.site.org"}, certificates=_OWN)
    assert [each.suffix for each in issued(config)] == ["panda-tls-certs"]
    assert issued(config)[0].hosts == ("panda.site.org",)
    wanted = {field.key for field in missing(config) if field.path[0] == "certificates"}
    assert "certificates.panda.key" in wanted
    assert "panda-certs" in build(complete(config))


def test_names_of_secrets_that_others_fill_are_the_stacks_own() -> None:
    plan = make_plan("ctao", complete(stack(_OWN)))
    assert {"ctao-secrets-authority", "ctao-secrets-rucio-tls-certs"} <= names_inside(plan)


def test_generated_certificates_are_issued_anew_when_they_do_not_fit() -> None:
    """C42: another host, the end that comes near, another authority."""
    config = complete(stack({"kind": "generated"}))
    assert not make_certificates(config)
    assert not judge_values(config, stack="ctao", now=_NOW)
    moved = config.model_copy(update={"hosts": config.hosts.model_copy(update={"rucio": "other.site.org"})})
    assert set(make_certificates(moved)) == {"rucio"}
    (problem,) = judge_values(moved, stack="ctao", now=_NOW)
    assert "python -m panda_infra init ctao" in problem.fix
    assert set(make_certificates(config, now=_NOW + timedelta(days=3640))) == {"rucio", "rucioDaemons"}
    other: dict[KeyPath, str] = {("authority",): make_authority("Other", now=_NOW).pem}
    renewed = config.model_copy(update={"secrets": with_values(config.secrets, other)})
    assert set(make_certificates(renewed)) == {"rucio", "rucioDaemons"}


def test_a_robot_has_its_subject_and_may_only_be_a_client() -> None:
    made = complete(stack({"kind": "generated"})).secrets.certificates.of("rucio-daemons")
    assert made.certificate
    found = x509.load_pem_x509_certificate(made.certificate.get_secret_value().encode())
    assert found.subject.rfc4514_string() == _ROBOT
    purposes = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [each._name for each in purposes] == ["clientAuth"]


@pytest.mark.parametrize(
    "text", ["no PEM", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"], ids=["words", "cut"]
)
def test_what_is_no_authority_is_refused(text: str) -> None:
    config = complete(stack({"kind": "generated"}))
    broken = config.model_copy(update={"secrets": with_values(config.secrets, {("authority",): text})})
    found = {problem.where for problem in judge_values(broken, stack="ctao", now=_NOW)}
    assert "secrets.authority" in found


def test_secrets_that_cert_manager_fills_end_alike() -> None:
    assert all(each.suffix.endswith(ISSUED) for each in issued(stack(_OWN)))


def test_every_certificate_of_dpps_is_issued() -> None:
    config = ctao.stack(certificates=_OWN)
    assert not [field.key for field in missing(config) if field.path[0] == "certificates"]
    owners = {each.suffix.removesuffix(ISSUED) for each in issued(config)}
    assert owners >= {"dirac", "xrootd", "fts", "dex", "distribution", "rucio", "diracx"}
    specs = {
        key: each.fields["spec"] for key, each in objects(complete(config)).items() if "Certificate/" in key
    }
    assert specs["Certificate/xrootd-tls-certs"]["privateKey"]["algorithm"] == "RSA"
    assert [key for key, spec in specs.items() if spec["privateKey"]["algorithm"] == "RSA"] == [
        "Certificate/xrootd-tls-certs"
    ]
    # Services of programs that call each other.
    assert "ctao-dirac-matcher.ctao.svc" in specs["Certificate/dirac-tls-certs"]["dnsNames"]
