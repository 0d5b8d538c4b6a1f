"""The types of the known keys of a kubeconfig: kubectl refuses wrong types and ignores unknown keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["wrong_key"]


def _text(value: object) -> bool:
    return isinstance(value, str)


def _switch(value: object) -> bool:
    return isinstance(value, bool)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _pairs(value: object) -> bool:
    """True for a list of names and values, such as the variables of a plug-in."""
    return isinstance(value, list) and all(
        isinstance(pair, dict) and _text(pair.get("name")) and _text(pair.get("value", "")) for pair in value
    )


def _extensions(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and {"name", "extension"} <= one.keys() for one in value
    )


def _text_lists(value: object) -> bool:
    return isinstance(value, dict) and all(map(_text, value)) and all(map(_texts, value.values()))


def _plain(value: object) -> bool:
    return isinstance(value, dict) and all(_text(key) and _text(one) for key, one in value.items())


_Check = Callable[[object], bool]
_PLUGIN: Mapping[str, _Check] = {
    **dict.fromkeys(("command", "apiVersion", "interactiveMode", "installHint"), _text),
    "args": _texts,
    "env": _pairs,
    "provideClusterInfo": _switch,
}
_PROVIDER: Mapping[str, _Check] = {"name": _text, "config": _plain}


def _fits(keys: Mapping[str, _Check]) -> _Check:
    return lambda value: isinstance(value, dict) and _first_wrong(keys, value) is None


_TEXTS = (
    "server",
    "certificate-authority",
    "certificate-authority-data",
    "tls-server-name",
    "proxy-url",
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "tokenFile",
    "username",
    "password",
    "as",
    "as-uid",
    "cluster",
    "user",
    "namespace",
)
_KEYS: Mapping[str, _Check] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(("insecure-skip-tls-verify", "disable-compression"), _switch),
    "as-groups": _texts,
    "as-user-extra": _text_lists,
    "extensions": _extensions,
    "exec": _fits(_PLUGIN),
    "auth-provider": _fits(_PROVIDER),
}


def wrong_key(entry: Mapping[str, Any]) -> str | None:
    """The first key of a cluster, a user or a context whose value has the wrong type."""
    return _first_wrong(_KEYS, entry)


def _first_wrong(keys: Mapping[str, _Check], entry: Mapping[str, Any]) -> str | None:
    given = ((key, value) for key, value in entry.items() if key in keys and value is not None)
    return next((key for key, value in given if not keys[key](value)), None)
