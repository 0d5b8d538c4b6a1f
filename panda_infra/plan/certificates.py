"""The objects that cert-manager needs of a stack: an Issuer, and a Certificate for each Secret that it fills."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.config.certificates import CertManagerCertificates, keeps_authority
from panda_infra.config.stack import Settings
from panda_infra.plan.consumers import INGRESS, ISSUED, issued_secrets
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.products.model import HostCertificate
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.tls import LONGEST_COMMON_NAME

__all__ = ["API", "AUTHORITY", "FORM", "Issued", "certificate_objects", "issued", "secrets_beside"]

API = "cert-manager.io/v1"
AUTHORITY = "authority"
"""Suffix of the names of the Issuer and of the Secret with its key, which no pod reads (C41)."""
FORM = "panda-infra/certificate"
"""The annotation of a Certificate that changes with what makes cert-manager issue it anew."""

_KEPT_BY_ISSUE = ("duration", "renewBefore", "secretTemplate")
# The program makes its own keys in these forms too, so that readers meet one form.
_FORM = {"encoding": "PKCS8", "rotationPolicy": "Always"}
_ECDSA, _RSA = {"algorithm": "ECDSA", "size": 256, **_FORM}, {"algorithm": "RSA", "size": 2048, **_FORM}


@dataclass(frozen=True)
class Issued:
    """A certificate by the suffix of its Secret: of ``hosts``, else of a robot with this ``subject``.

    Hosts have this ``common_name``, by default the first of them. The key is of ECDSA, or ``of_rsa``.
    """

    suffix: str
    hosts: tuple[str, ...] = ()
    subject: str = ""
    common_name: str = ""
    of_rsa: bool = False

    @property
    def names(self) -> dict[str, Any]:
        """The fields of its Certificate with the names of its owner."""
        if self.subject:
            # Grid software compares subjects, in which the order counts (C48).
            return {"literalSubject": self.subject, "usages": ["digital signature", "client auth"]}
        short = self.common_name or next(
            (host for host in self.hosts if len(host) <= LONGEST_COMMON_NAME), None
        )
        return {
            # Without a common name the subject would be empty (C48).
            **({"commonName": short} if short else {}),
            "dnsNames": list(self.hosts),
            "usages": ["digital signature", "server auth", "client auth"],
        }


def issued(config: Settings) -> tuple[Issued, ...]:
    """Every certificate that cert-manager issues for the stack."""
    return tuple(_issued(config, suffix) for suffix in issued_secrets(config))


def _issued(config: Settings, suffix: str) -> Issued:
    owner = COMPONENTS.get(suffix.removesuffix(ISSUED))
    described = (owner.certificate if owner else None) or HostCertificate("")
    if described.subject:
        return Issued(suffix, subject=described.subject(config))
    name = described.common_name(config) if described.common_name else ""
    hosts = tuple(dict.fromkeys(_hosts(config, suffix)))
    return Issued(suffix, hosts=hosts, common_name=name, of_rsa=described.of_rsa)


def _hosts(config: Settings, suffix: str) -> Iterator[str]:
    """The exposed hosts, and the Services of pods that present the certificate themselves."""
    for name in config.components.deployed():
        for endpoint in COMPONENTS[name].endpoints:
            if endpoint.tls == suffix and (host := config.hosts.of(endpoint.host)):
                yield host
    for reader in issued_secrets(config)[suffix]:
        spec = COMPONENTS[reader.component]
        if reader.sub_component != INGRESS and spec.sub_component(reader.sub_component).ports:
            service = config.names.workload(reader.component, reader.sub_component)
            yield from (service, f"{service}.{config.namespace}.svc")


def secrets_beside(plan: Plan) -> frozenset[str]:
    """The names of Secrets with certificates that belong to no component: that of the authority."""
    return frozenset([plan.names.secret(AUTHORITY)]) if _own_issuer(plan.config) else frozenset()


def _own_issuer(config: Settings) -> bool:
    return isinstance(config.certificates, CertManagerCertificates) and keeps_authority(config.certificates)


def certificate_objects(plan: Plan) -> Iterator[ClusterObject]:
    """The stack's Issuer, if it has one, then each Certificate; all in the stack's namespace."""
    source = plan.config.certificates
    if not isinstance(source, CertManagerCertificates):
        return
    issuer = {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": source.cluster_issuer}
    if source.cluster_issuer is None:
        name = plan.names.secret(AUTHORITY)
        issuer |= {"kind": "Issuer", "name": name}
        yield _object(plan, "Issuer", AUTHORITY, {"ca": {"secretName": name}}, {})
    for each in issued(plan.config):
        yield _certificate(plan, source, issuer, each)


def _certificate(
    plan: Plan, source: CertManagerCertificates, issuer: Mapping[str, Any], each: Issued
) -> ClusterObject:
    spec = {
        "secretName": plan.names.secret(each.suffix),
        "issuerRef": dict(issuer),
        "duration": source.duration,
        "renewBefore": source.renew_before,
        "privateKey": _RSA if each.of_rsa else _ECDSA,
        # A Certificate leaves its Secret behind (C49), which the mark makes known as the stack's.
        "secretTemplate": {"annotations": plan.owner.mark},
        **each.names,
    }
    if each.subject:
        spec["additionalOutputFormats"] = [{"type": "CombinedPEM"}]
    # Another duration, or another owner of the Secret, does not issue it anew.
    whose = {key: value for key, value in spec.items() if key not in _KEPT_BY_ISSUE}
    digest = hashlib.sha256(json.dumps(whose, sort_keys=True).encode()).hexdigest()[:16]
    return _object(plan, "Certificate", each.suffix, spec, {FORM: digest})


def _object(
    plan: Plan, kind: str, suffix: str, spec: Mapping[str, Any], notes: Mapping[str, str]
) -> ClusterObject:
    metadata = {
        "name": plan.names.secret(suffix),
        "namespace": plan.config.namespace,
        # The engine waits for it: pods need the Secret.
        "annotations": {"pulumi.com/waitFor": "condition=Ready", **plan.owner.mark, **notes},
    }
    return ClusterObject(API, kind, suffix, {"metadata": metadata, "spec": spec})
