"""Kubeconfigs for a Magnum cluster: with a certificate that Magnum signs, or with a short-lived token."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from panda_infra.clients.openstack.api import ClusterInfo, OpenStack
from panda_infra.config import go_yaml
from panda_infra.provider.kube_api import Kubernetes

__all__ = ["Kubeconfig", "certificate_kubeconfig", "token_kubeconfig"]

_KEY_BITS = 2048  # like `openstack coe cluster config`


@dataclass(frozen=True, repr=False)
class Kubeconfig:
    """A kubeconfig with one cluster, one user and one context, and the end of its credential."""

    content: Mapping[str, Any]
    expires: datetime

    def text(self) -> str:
        """The text of the file."""
        return go_yaml.dump(dict(self.content), sort_keys=False)


def certificate_kubeconfig(openstack: OpenStack, cluster: ClusterInfo) -> Kubeconfig:
    """A new key and a certificate for it from the cluster's CA, like those of ``coe cluster config``."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    certificate = openstack.sign(cluster.id, _signing_request(key))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    user = {"client-certificate-data": _base64(certificate), "client-key-data": _base64(private.decode())}
    expires = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
    return Kubeconfig(_content(openstack, cluster, user), expires)


def token_kubeconfig(
    openstack: OpenStack, cluster: ClusterInfo, kubernetes: Kubernetes, hours: int
) -> Kubeconfig:
    """A token of a service account: Magnum's certificates are valid for years and cannot be revoked."""
    token, expires = kubernetes.admin_token(hours * 3600)
    return Kubeconfig(_content(openstack, cluster, {"token": token}), expires)


def _signing_request(key: rsa.RSAPrivateKey) -> str:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters"),
            x509.NameAttribute(NameOID.COMMON_NAME, "admin"),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def _content(openstack: OpenStack, cluster: ClusterInfo, user: Mapping[str, str]) -> dict[str, Any]:
    name = cluster.name
    authority = _base64(openstack.ca_certificate(cluster.id))
    server = {"server": cluster.api_address, "certificate-authority-data": authority}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": "admin", "user": dict(user)}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "admin"}}],
        "current-context": name,
    }


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
