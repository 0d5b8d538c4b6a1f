"""Servers that pods reach outside their namespace: the issuer under its own name, and the proxy to it."""

from __future__ import annotations

import http.server
import json
import select
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from testbed.consumers.issuer import CERTIFICATES, IAM, Issuer
from testbed.consumers.sandbox import Root, Sandbox

__all__ = ["named", "proxy", "serve", "start", "trust"]

_ISSUER, _PROXY = "127.78.0.1", "127.78.0.2"
_GRID = "/etc/grid-security/certificates"
_PROXYS_PORT = 3128
_TIMEOUT = 30.0


def start(sandbox: Sandbox) -> None:
    """Serve the issuer if it is the stack's own, and the proxy if pods use one."""
    if issuer := Issuer.of(sandbox):
        url = urllib.parse.urlsplit(issuer.url)
        secure = url.scheme == "https"
        server = serve(
            named(sandbox, url.hostname or "", _ISSUER),
            url.port or (443 if secure else 80),
            _documents(issuer.documents()),
        )
        if secure:
            server.socket = _context(sandbox).wrap_socket(server.socket, server_side=True)
    environments = [each.environment for each in sandbox.containers]
    for address in {each["https_proxy"] for each in environments if "https_proxy" in each}:
        url = urllib.parse.urlsplit(address)
        serve(named(sandbox, url.hostname or "", _PROXY), url.port or _PROXYS_PORT, proxy(sandbox.addresses))


def trust(sandbox: Sandbox, root: Root, bundle: str) -> None:
    """Add the stack's own authority to those that an image trusts for the web and for grids.

    Args:
        sandbox: has the containers, whose certificates come with their authorities.
        root: the root of the image.
        bundle: the file with the authorities of the web.
    """
    found = {
        file.content
        for container in sandbox.containers
        for path, file in container.files.items()
        if path.endswith("/chain.pem")
    }
    chains = sorted(found)
    root.write(bundle, b"\n".join([root.path(bundle).read_bytes(), *chains]))
    for number, chain in enumerate(chains):
        root.write(f"{_GRID}/stack-{number}.pem", chain)
    root.must("openssl", "rehash", _GRID)


def named(sandbox: Sandbox, host: str, address: str) -> str:
    """The address of a host; a Service's host has one already."""
    if host not in sandbox.addresses:
        sandbox.name(host, address)
    return sandbox.addresses[host]


def _context(sandbox: Sandbox) -> ssl.SSLContext:
    files = sandbox.container(IAM).files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name in ("hostcert.pem", "hostkey.pem"):
        path = Path(sandbox.folder, name)
        path.touch(mode=0o600)
        path.write_bytes(files[f"{CERTIFICATES}/{name}"].content)
    context.load_cert_chain(Path(sandbox.folder, "hostcert.pem"), Path(sandbox.folder, "hostkey.pem"))
    return context


def serve(
    address: str, port: int, handler: type[http.server.BaseHTTPRequestHandler]
) -> http.server.HTTPServer:
    """Serve at an address until the process ends."""
    server = http.server.ThreadingHTTPServer((address, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class _Quiet(http.server.BaseHTTPRequestHandler):
    timeout = _TIMEOUT

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: standard output contains only checks."""


def _documents(answers: Mapping[str, Any]) -> type[_Quiet]:
    class Handler(_Quiet):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            body = json.dumps(found or {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def proxy(addresses: Mapping[str, str]) -> type[_Quiet]:
    """A proxy to the outside hosts that have an address in the sandbox."""

    class Handler(_Quiet):
        def do_CONNECT(self) -> None:
            host, _, port = self.path.rpartition(":")
            # Names of Services do not exist outside.
            if host not in addresses or "." not in host:
                self.send_error(502)
                return
            with socket.create_connection((addresses[host], int(port)), timeout=_TIMEOUT) as far:
                self.send_response(200)
                self.end_headers()
                _carry(self.connection, far)

    return Handler


def _carry(near: socket.socket, far: socket.socket) -> None:
    other = {near: far, far: near}
    # A side that is cut off has ended as well.
    with suppress(ConnectionError):
        while ready := select.select(list(other), [], [], _TIMEOUT)[0]:
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return
                other[side].sendall(data)
