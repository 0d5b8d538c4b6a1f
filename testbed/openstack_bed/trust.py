"""Makes a running API server trust a cluster's own authority, and use a certificate of it."""

from __future__ import annotations

import http.client
import ssl
import urllib.parse
from pathlib import Path

from testbed import control_plane, pki, waiting
from testbed.openstack_bed.driver.cluster_files import ClusterFiles
from testbed.ports import HOST

_HOSTS = (HOST, "10.254.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_NODES = "/api/v1/nodes"
_TRUSTED_WITHIN = 30.0


def establish(plane: control_plane.Files, files: ClusterFiles) -> str:
    """Makes the API server of ``plane`` serve the cluster; returns its URL when both trust each other.

    The cluster's former authority is no longer trusted.
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
    return pki.Authority.of(authority).server("kube-apiserver", _HOSTS)


def _is_mutual(url: str, files: ClusterFiles) -> bool:
    """Return whether server and client trust each other by the cluster's authority alone."""
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
