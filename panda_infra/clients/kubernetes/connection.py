"""Connections to an API server, direct or through a proxy, with the TLS settings of the kubeconfig.

The standard library is used because every preview opens a connection: importing an HTTP client takes longer than the
answer.
"""

from __future__ import annotations

import base64
import http.client
import re
import socket
import ssl
import tempfile
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from panda_infra.clients.kubernetes.errors import (
    KubeconfigError,
    KubernetesError,
    KubernetesNotAllowedError,
    KubernetesUnreachableError,
)
from panda_infra.clients.kubernetes.kubeconfig import Target
from panda_infra.clients.kubernetes.proxies import authorization, proxy_for, through_socks

__all__ = ["Dialer"]

_CERTIFICATES = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_SILENT = (502, 503, 504)  # a proxy's answers for an address that does not answer
_REFUSED = (401, 403, 407)
_CHECK = "Check the address in the kubeconfig, the network or VPN, and that it runs."


class Dialer:
    """Opens connections to the API server of a target; ``patience`` is in seconds, for each step."""

    def __init__(self, target: Target, *, patience: float) -> None:
        self._target = target
        self._patience = patience
        self._contexts: dict[str, ssl.SSLContext] = {}
        try:
            self.address = urlsplit(target.server)
            self.host, self.port = self.address.hostname or "", self.address.port or _usual_port(self.address)
            self.proxy = proxy_for(self.address, target.cluster.get("proxy-url"))
            self._proxy_port = self.proxy.port or _usual_port(self.proxy) if self.proxy else 0
        except ValueError:
            what = f"{target.source.name}: the server or its proxy-url is no address"
            raise KubeconfigError(what, "Correct it in the kubeconfig: https://HOST:PORT.") from None

    @property
    def prefix(self) -> str:
        """The prefix of request paths: the whole address if an HTTP proxy forwards plain HTTP."""
        path = self.address.path.rstrip("/")
        return f"http://{self.address.netloc}{path}" if self._passes_on else path

    @property
    def headers(self) -> dict[str, str]:
        """Additional headers of each request."""
        return authorization(self.proxy) if self.proxy and self._passes_on else {}

    def open(self, certificate: str) -> http.client.HTTPConnection:
        """Open a connection that is ready for requests.

        Args:
            certificate: the user's, with its key (PEM), or empty.

        Raises:
            KubernetesError: the connection fails; the type depends on the reason.
            KubeconfigError: the kubeconfig's own certificates cannot be used.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self._patience)
        # Proxies in front of API servers expect a Host header without the default port of the scheme.
        connection.default_port = _usual_port(self.address)
        plain = self._reached(certificate)
        try:
            connection.sock = plain if self.address.scheme == "http" else self._encrypted(plain, certificate)
        except BaseException:
            plain.close()
            raise
        return connection

    @property
    def _passes_on(self) -> bool:
        return (
            self.address.scheme == "http" and self.proxy is not None and self.proxy.scheme.startswith("http")
        )

    def _reached(self, certificate: str) -> Any:
        """A socket to the API server, or to the proxy that forwards requests."""
        if self.proxy is None:
            return self._connected(self.host, self.port, KubernetesUnreachableError, "the API server")
        name, port = self.proxy.hostname or "", self._proxy_port
        # If the proxy cannot be reached, the state of the API server is unknown.
        plain: Any = self._connected(name, port, KubernetesError, "the proxy")
        if self.proxy.scheme == "https":
            # Like kubectl, verify the proxy with the cluster's TLS settings.
            expected = self._target.cluster.get("tls-server-name") or name
            context, bare = self._context(certificate), plain
            plain = _steps(
                lambda: context.wrap_socket(bare, server_hostname=expected), f"the proxy {name}:{port}"
            )
        if self.proxy.scheme.startswith("socks5"):
            _steps(
                lambda: through_socks(plain, self._proxy(), self.host, self.port), f"the proxy {name}:{port}"
            )
        elif not self._passes_on:
            _steps(lambda: self._tunnel(plain), f"the proxy {name}:{port}")
        return plain

    def _proxy(self) -> SplitResult:
        assert self.proxy is not None  # noqa: S101 - only called if there is one
        return self.proxy

    def _connected(self, host: str, port: int, failure: type[KubernetesError], what: str) -> socket.socket:
        try:
            plain = socket.create_connection((host, port), timeout=self._patience)
        except (OSError, UnicodeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "no answer"
            raise failure(f"{what} {host}:{port} cannot be reached ({reason})", _CHECK) from None
        # A request is written in two parts; without it the second would wait for the acknowledgement of the first.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain

    def _tunnel(self, plain: Any) -> None:
        proxy = self._proxy()
        host = f"[{self.host}]" if ":" in self.host else self.host
        lines = [f"CONNECT {host}:{self.port} HTTP/1.1", f"Host: {host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in authorization(proxy).items()]
        plain.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        response = http.client.HTTPResponse(plain, method="CONNECT")
        response.begin()
        if response.status == http.client.OK:
            return
        who = f"the proxy {proxy.hostname}:{proxy.port}"
        what = f"{who} answers {response.status} {response.reason} for {host}:{self.port}"
        if response.status in _SILENT:
            raise KubernetesUnreachableError(what)
        if response.status in _REFUSED:
            raise KubernetesNotAllowedError(
                what, "Give a user that it knows in proxy-url, or ask who runs it."
            )
        raise KubernetesError(what, "Correct proxy-url in the kubeconfig.", status=response.status)

    def _encrypted(self, plain: Any, certificate: str) -> Any:
        name = self._target.cluster.get("tls-server-name") or self.host
        context = self._context(certificate)
        where = f"the API server {self.host}:{self.port}"
        if isinstance(plain, ssl.SSLSocket):  # TLS inside of a proxy's TLS
            from urllib3.util.ssltransport import SSLTransport  # noqa: PLC0415 - slow, for such proxies only

            return _steps(lambda: SSLTransport(plain, context, server_hostname=name), where)
        return _steps(lambda: context.wrap_socket(plain, server_hostname=name), where)

    def _context(self, certificate: str) -> ssl.SSLContext:
        if certificate not in self._contexts:
            self._contexts[certificate] = _context(self._target, certificate)
        return self._contexts[certificate]


def _usual_port(address: SplitResult) -> int:
    usual = {"http": http.client.HTTP_PORT, "https": http.client.HTTPS_PORT}
    return usual.get(address.scheme, 1080)


def _context(target: Target, certificate: str) -> ssl.SSLContext:
    where = target.source.name
    authorities = _authorities(target)
    try:
        context = ssl.create_default_context(cadata=authorities)
    except ssl.SSLError:
        what = f"{where}: certificate-authority-data holds a certificate that cannot be read"
        raise KubeconfigError(what, "Copy the cluster's certificate anew.") from None
    # Like kubectl: trust an intermediate authority without its root, and without some extensions.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if target.cluster.get("insecure-skip-tls-verify"):
        if authorities:
            what = f"{where}: insecure-skip-tls-verify stands beside a certificate authority"
            raise KubeconfigError(what, "Remove insecure-skip-tls-verify.")
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        _show(context, certificate, where)
    return context


def _authorities(target: Target) -> str | None:
    encoded = target.cluster.get("certificate-authority-data")
    if not encoded:
        return None
    try:
        found = _CERTIFICATES.findall(base64.b64decode(str(encoded)).decode(errors="replace"))
    except ValueError:
        found = []
    if not found:
        what = f"{target.source.name}: certificate-authority-data holds no certificate"
        raise KubeconfigError(what, "Copy it whole, on one line.")
    return "\n".join(found) + "\n"


def _show(context: ssl.SSLContext, certificate: str, where: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:  # readable by this user only, then deleted
        file.write(certificate.encode())
        file.flush()
        try:
            context.load_cert_chain(file.name, password="")  # never ask for one
        except (ssl.SSLError, OSError):
            what = f"{where}: the client certificate and its key do not belong together or cannot be read"
            raise KubeconfigError(what, "Copy both anew; the key must not be encrypted.") from None


def _steps(step: Callable[[], Any], who: str) -> Any:
    """Return the result of a step towards a connection; its failures become errors about ``who``."""
    try:
        return step()
    except ssl.SSLCertVerificationError as error:
        what = f"{who} identifies itself by a certificate that is not trusted ({error.verify_message})"
        fix = "See that the kubeconfig has this cluster's certificate-authority-data, and tls-server-name if needed."
        raise KubernetesError(what, fix) from None
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        raise KubernetesUnreachableError(f"{who} ended the connection before it answered", _CHECK) from None
    except ssl.SSLError as error:
        raise KubernetesError(f"{who} does not speak TLS as it should ({error.reason})") from None
    except OSError as error:
        reason = error.strerror or "no answer"
        raise KubernetesUnreachableError(f"{who} does not answer ({reason})", _CHECK) from None
    except http.client.HTTPException:
        raise KubernetesError(f"{who} answers something else than HTTP") from None
