"""Finds the host names in a Secret, because a wrong one cuts PanDA's services off from each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from panda_infra.products.content import TLS, SecretContent

__all__ = ["hosts_in"]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_URL = re.compile(rf"[a-z+]+://(?:[^\s/@\"']*@)?({_NAME})")
_ADDRESS = re.compile(rf"({_NAME})(?::\d+)?")
# Variables whose whole value is one host, with or without a port.
_HOST_KEY = re.compile(r"(_HOST|_HOSTNAME|_HOST_PREFIX|_AUTH_HOST|_BROKERS|_LIST|^host_name)$")
_NO_HOST = re.compile(r"(_ACCOUNTS|_PROVIDER_LIST|_APPS_LIST|BEHIND_REAL_LB|VERIFY_HOST)$")
_CERTIFICATE = re.compile(r"\.(pem|proxy|crt)$")


def hosts_in(content: SecretContent) -> frozenset[str]:
    """All host names in the values of a Secret, except in certificates."""
    if content.type == TLS:
        return frozenset()
    return frozenset(host.lower() for key, value in content.data.items() for host in _hosts(key, value))


def _hosts(key: str, value: bytes) -> Iterator[str]:
    if _CERTIFICATE.search(key):
        return
    text = value.decode(errors="replace")
    for match in _URL.finditer(text):
        yield match[1]
    if key == "no_proxy":
        yield from (part.lstrip(".") for part in text.split(",") if part)
    elif _HOST_KEY.search(key) and not _NO_HOST.search(key) and (address := _ADDRESS.fullmatch(text)):
        yield address[1]
