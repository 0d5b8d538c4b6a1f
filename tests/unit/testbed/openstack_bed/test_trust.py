import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from testbed import pki
from testbed.openstack_bed import trust


def write_authority(stem: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """As Magnum makes one: named after the cluster, and signed by itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "panda-doma-k8s")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pki.Pair(certificate.public_bytes(serialization.Encoding.PEM), pem).write(stem)
    return certificate


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())], ids=["rsa", "ec"]
)
def test_serving_certificate_is_the_authoritys(
    tmp_path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
) -> None:
    authority = write_authority(tmp_path / "ca", key)
    served = x509.load_pem_x509_certificate(trust.serving_certificate(tmp_path / "ca").certificate)
    served.verify_directly_issued_by(authority)
    assert served.issuer.public_bytes() == authority.subject.public_bytes()
    names = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "127.0.0.1" in {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)
