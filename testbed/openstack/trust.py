"""How a running API server comes to trust a cluster's own authority, and to show a certificate of it."""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import ssl
import urllib.parse
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testbed import control_plane, pki, waiting
from testbed.openstack.driver.cluster_files import ClusterFiles
from testbed.ports import HOST

_HOSTS = (HOST, "10.254.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_NODES = "/api/v1/nodes"
_TRUSTED_WITHIN = 30.0
_LIFETIME = datetime.timedelta(days=365)
_CLOCK_SKEW = datetime.timedelta(minutes=5)


def establish(plane: control_plane.Files, files: ClusterFiles) -> str:
    """Lets the API server of ``plane`` serve the cluster; returns its URL once both believe each other.

    An authority that the cluster had before is trusted no more.
    """
    url = (plane.join / "url").read_text()
    fresh, served = plane.join / "fresh", plane.join / "apiserver"
    authorities = [plane.pki / "ca.crt", files.authority.with_suffix(".crt")]
    fresh.with_suffix(".crt").write_bytes(b"\n".join(path.read_bytes() for path in authorities))
    fresh.with_suffix(".crt").replace(plane.join / "client-ca.crt")
    serving_certificate(files.authority).write(fresh)
    for suffix in (".key", ".crt"):
        fresh.with_suffix(suffix).replace(served.with_suffix(suffix))
    waiting.until(lambda: _is_mutual(url, files), f"{url} trusting the cluster's authority", _TRUSTED_WITHIN)
    return url


def serving_certificate(authority: Path) -> pki.Pair:
    """A certificate for an API server, signed by the authority in ``<authority>.crt`` and ``.key``."""
    issuer = x509.load_pem_x509_certificate(authority.with_suffix(".crt").read_bytes())
    signer = serialization.load_pem_private_key(authority.with_suffix(".key").read_bytes(), None)
    if not isinstance(signer, rsa.RSAPrivateKey):
        raise TypeError(f"{authority}.key: Magnum makes RSA keys, this is {type(signer).__name__}")
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in _HOSTS]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return pki.Pair(certificate.public_bytes(serialization.Encoding.PEM), pki.private_pem(key))


def _is_mutual(url: str, files: ClusterFiles) -> bool:
    """Whether server and client believe each other on the word of the cluster's authority alone."""
    context = ssl.create_default_context(cafile=files.authority.with_suffix(".crt"))
    context.load_cert_chain(files.administrator.with_suffix(".crt"), files.administrator.with_suffix(".key"))
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=context, timeout=5)
    try:
        connection.request("GET", _NODES)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
