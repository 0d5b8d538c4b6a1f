"""The credential of a kubeconfig's user: its headers and certificate, its end, and its problems."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panda_infra.clients.kubernetes.errors import KubeconfigError
from panda_infra.clients.kubernetes.kubeconfig import Source, Target
from panda_infra.clients.kubernetes.plugin import Issued, run_plugin
from panda_infra.ends import Validity, moment, validity

__all__ = ["Credential", "User", "check_user", "ends", "kind_of", "lasts_of"]

_PLUGIN_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_REMOVED = {
    "gcp": "gke-gcloud-auth-plugin",
    "azure": "kubelogin",
}
_IMPERSONATED = {"as": "Impersonate-User", "as-uid": "Impersonate-Uid", "as-groups": "Impersonate-Group"}


@dataclass(frozen=True, repr=False)
class Credential:
    """The headers of each request, and the certificate with its key (PEM) of each connection, or empty."""

    headers: tuple[tuple[str, str], ...] = ()
    certificate: str = ""


@dataclass(repr=False)
class User:
    """The user of a target, for the life of a client; keeps a plug-in's credential until it expires."""

    target: Target
    _issued: Issued | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def credential(self) -> Credential:
        """The credential for the next request; like in kubectl, none over plain HTTP.

        Raises:
            KubernetesNotAllowedError: the plug-in issues none.
        """
        user = self.target.user
        headers = [*_impersonation(user)]
        if self.target.server.startswith("http:"):
            return Credential(tuple(headers))
        certificate = _certificate(user)
        if token := _token(user):
            headers.append(("Authorization", f"Bearer {token}"))
        elif user.get("username") or user.get("password"):
            pair = f"{user.get('username') or ''}:{user.get('password') or ''}"
            headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
        elif user.get("exec") and not certificate:
            issued = self.issued()
            certificate = issued.certificate
            headers += [("Authorization", f"Bearer {issued.token}")] if issued.token else []
        return Credential(tuple(headers), certificate)

    def renewed(self) -> bool:
        """Drop a plug-in's credential that the API refuses; returns whether a retry makes sense."""
        with self._lock:
            had, self._issued = self._issued, None
        return had is not None

    def issued(self) -> Issued:
        """A valid credential of the user's plug-in.

        Raises:
            KubernetesNotAllowedError: it issues none.
        """
        with self._lock:
            if self._issued is None or self._issued.has_ended:
                self._issued = run_plugin(self.target)
            return self._issued


def check_user(target: Target) -> None:
    """Refuse a user that kubectl and the engine refuse too, with a clear message.

    Raises:
        KubeconfigError: the user cannot be used.
    """
    user, where = target.user, f"{target.source.name}: user {target.user_name}"
    if (user.get("token") or user.get("tokenFile")) and (user.get("username") or user.get("password")):
        raise KubeconfigError(f"{where} has both a token and a password", "Remove one of them.")
    if bool(user.get("client-certificate-data")) > bool(user.get("client-key-data")):
        raise KubeconfigError(f"{where} has a certificate without its key", "Add client-key-data.")
    for key in ("token", "as", "as-uid"):
        if not str(user.get(key) or "").isprintable() or not str(user.get(key) or "").isascii():
            raise KubeconfigError(
                f"{where}: {key} has a line break or a sign that no header has", "Copy it anew."
            )
    if user.keys() & {"as-uid", "as-groups", "as-user-extra"} and not user.get("as"):
        raise KubeconfigError(f"{where} has groups to act as, but no user", "Add `as`, the user to act as.")
    for key in ("client-certificate-data", "client-key-data"):
        _decoded(user.get(key), f"{where}: {key}")
    if plugin := user.get("exec"):
        _check_plugin(plugin, where)
    if provider := user.get("auth-provider"):
        _check_provider(provider, user, where)


def lasts(user: Mapping[str, Any]) -> Validity | None:
    """The time in which a user's certificate or token is valid; None if it does not state it."""
    encoded = user.get("client-certificate-data")
    return validity(base64.b64decode(encoded) if encoded else _token(user))


def lasts_of(kubeconfig: str, context: str | None) -> Validity | None:
    """The same for the user in a kubeconfig's text; None too if it has no usable user."""
    try:
        return lasts(Source("kubeconfig", "").target(kubeconfig, context).user)
    except KubeconfigError:
        return None  # reported where the kubeconfig is used


def ends(user: Mapping[str, Any]) -> datetime | None:
    """The end of a user's certificate or token; None if it does not state it."""
    found = lasts(user)
    return found.end if found else None


def kind_of(user: Mapping[str, Any]) -> str:
    """The kind of a user's credential, for messages."""
    if plugin := user.get("exec"):
        return f"credential of the plug-in {plugin['command']}"
    if user.get("token") or user.get("tokenFile") or user.get("auth-provider"):
        return "token"
    if user.get("client-certificate-data"):
        return "client certificate"
    return "password" if user.get("username") or user.get("password") else "missing credential"


def _token(user: Mapping[str, Any]) -> str:
    if file := user.get("tokenFile"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError:
            return str(user.get("token") or "")
    provider = user.get("auth-provider") or {}
    return str(user.get("token") or (provider.get("config") or {}).get("id-token") or "")


def _certificate(user: Mapping[str, Any]) -> str:
    parts = [user.get("client-certificate-data"), user.get("client-key-data")]
    return "\n".join(base64.b64decode(part).decode(errors="replace") for part in parts if part)


def _impersonation(user: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for key, header in _IMPERSONATED.items():
        given = user.get(key) or ()
        found += [(header, str(one)) for one in ([given] if isinstance(given, str) else given)]
    extra: Mapping[str, list[str]] = user.get("as-user-extra") or {}
    return found + [(f"Impersonate-Extra-{key}", str(one)) for key, values in extra.items() for one in values]


def _check_plugin(plugin: Any, where: str) -> None:
    if not isinstance(plugin, Mapping) or not plugin.get("command"):
        raise KubeconfigError(f"{where}: exec names no command", "Name the plug-in in exec.command.")
    version = plugin.get("apiVersion")
    if version not in _PLUGIN_VERSIONS:
        what = f"{where}: exec.apiVersion is {version!r}, which kubectl does not know (any more)"
        raise KubeconfigError(what, f"Make the kubeconfig anew, or write {_PLUGIN_VERSIONS[1]}.")
    mode = plugin.get("interactiveMode")
    if mode is None and version == _PLUGIN_VERSIONS[0]:
        raise KubeconfigError(
            f"{where}: exec.interactiveMode is missing", "Write `interactiveMode: IfAvailable`."
        )
    if mode not in (None, "Never", "IfAvailable", "Always"):
        what = f"{where}: exec.interactiveMode is {mode!r}"
        raise KubeconfigError(what, "Write Never, IfAvailable or Always.")


def _check_provider(provider: Any, user: Mapping[str, Any], where: str) -> None:
    name = provider.get("name") if isinstance(provider, Mapping) else None
    if user.get("exec"):
        raise KubeconfigError(f"{where} has both exec and auth-provider", "Remove auth-provider.")
    if name != "oidc":
        plugin = _REMOVED.get(str(name), "an exec plug-in")
        what = f"{where}: auth-provider {name} is no part of kubectl any more"
        raise KubeconfigError(what, f"Make the kubeconfig anew with your provider's tool, for {plugin}.")
    found = validity(_token(user))
    if found is None or found.is_over(datetime.now(UTC)):
        what = f"{where}: the token of auth-provider oidc " + (
            f"ended on {moment(found.end)}" if found else "is missing"
        )
        raise KubeconfigError(
            what, "Run `kubectl get namespaces` with this kubeconfig: it renews the token there."
        )


def _decoded(encoded: object, where: str) -> bytes:
    try:
        return base64.b64decode(str(encoded or ""), validate=False)
    except ValueError:
        raise KubeconfigError(f"{where} is not base64", "Copy it whole, on one line.") from None
