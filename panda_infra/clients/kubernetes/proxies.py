"""The proxy between this machine and an API server, from the kubeconfig or the environment."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from base64 import b64encode
from urllib.parse import SplitResult, unquote, urlsplit

from panda_infra.clients.kubernetes.errors import (
    KubernetesError,
    KubernetesNotAllowedError,
    KubernetesUnreachableError,
)

__all__ = ["authorization", "proxy_for", "through_socks"]

_SCHEMES = ("http", "https", "socks5", "socks5h")
# RFC 1928: the answers of a SOCKS server that does not connect. 2 is a refusal by its rules.
_SOCKS_REFUSED = 2
_SOCKS_FAILURES = {
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "no answer in time",
}


def proxy_for(address: SplitResult, named: str | None) -> SplitResult | None:
    """The proxy for an address: the one of the kubeconfig, else of the environment.

    Raises:
        KubernetesError: kubectl does not support it.
    """
    if not named:
        named = _of_environment(address)
    if not named:
        return None
    found = urlsplit(named if "://" in named else f"http://{named}")
    if found.scheme not in _SCHEMES or not found.hostname:
        what = f"proxy-url {found.scheme}://{found.hostname or ''} is none of http, https and socks5"
        raise KubernetesError(what, "Correct proxy-url in the kubeconfig, or the variable HTTPS_PROXY.")
    return found


def authorization(proxy: SplitResult) -> dict[str, str]:
    """The authorization header for the user in a proxy's address."""
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def through_socks(plain: socket.socket, proxy: SplitResult, host: str, port: int) -> None:
    """Connect to an address through a SOCKS 5 server (RFC 1928, RFC 1929), which resolves the name.

    Raises:
        KubernetesError: it refuses, cannot reach the address, or is not a SOCKS 5 server.
    """
    name = f"the proxy {proxy.hostname}:{proxy.port}"
    user = proxy.username is not None
    plain.sendall(b"\5\1" + (b"\2" if user else b"\0"))
    version, method = _received(plain, 2, name)
    if (version, method) not in ((5, 0), (5, 2)):
        raise KubernetesNotAllowedError(f"{name} refuses to speak SOCKS 5 without another log-in", _LOG_IN)
    if method == 2:  # noqa: PLR2004 - user and password
        parts = [unquote(part or "").encode() for part in (proxy.username, proxy.password)]
        plain.sendall(b"\1" + b"".join(bytes([len(part)]) + part for part in parts))
        if _received(plain, 2, name)[1]:
            raise KubernetesNotAllowedError(f"{name} refuses user and password", _LOG_IN)
    address = host.encode("idna")
    plain.sendall(b"\5\1\0\3" + bytes([len(address)]) + address + struct.pack(">H", port))
    _, answer, _, kind = _received(plain, 4, name)
    if answer == _SOCKS_REFUSED:
        raise KubernetesNotAllowedError(f"{name} does not connect to {host}:{port} by its rules", _LOG_IN)
    if answer:
        what = f"{name} does not reach {host}:{port} ({_SOCKS_FAILURES.get(answer, f'SOCKS error {answer}')})"
        raise KubernetesUnreachableError(what)
    # Skip the address from which the server connected.
    _received(plain, {1: 4, 4: 16}.get(kind) or _received(plain, 1, name)[0], name)
    _received(plain, 2, name)


_LOG_IN = "Give a user that it knows in proxy-url: socks5://USER:PASSWORD@HOST:PORT."


def _received(plain: socket.socket, count: int, name: str) -> bytes:
    data = b""
    while len(data) < count:
        more = plain.recv(count - len(data))
        if not more:
            raise KubernetesError(f"{name} does not speak SOCKS 5", "Correct proxy-url in the kubeconfig.")
        data += more
    return data


def _of_environment(address: SplitResult) -> str:
    host = address.hostname or ""
    name = f"{address.scheme}_proxy"
    proxy = os.environ.get(name.upper()) or os.environ.get(name) or ""
    return "" if not proxy or _is_local(host) or _is_excepted(host, address.port) else proxy


def _is_local(host: str) -> bool:
    return host == "localhost" or (_ip(host) or ipaddress.ip_address("::")).is_loopback


def _is_excepted(host: str, port: int | None) -> bool:
    """True if NO_PROXY lists the host: by a domain with all below it, an address, or a network."""
    for entry in (os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "").lower().split(","):
        pattern = entry.strip()
        if pattern == "*":
            return True
        if "/" in pattern:
            if (ip := _ip(host)) and ip in _network(pattern):
                return True
            continue
        name, _, wanted = pattern.partition(":") if pattern.count(":") == 1 else (pattern, "", "")
        if not name or (wanted and wanted != str(port or 443)):
            continue
        bare = name.removeprefix("*").lstrip(".")
        if host.endswith(f".{bare}") or (host == bare and not name.startswith((".", "*"))):
            return True
    return False


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return ipaddress.ip_network("255.255.255.255/32")
