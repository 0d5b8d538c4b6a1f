"""The values of references, by the HTTP API that OpenBao and Vault have: log-in, and KV engines of version 2."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from panda_infra.config.vault import Reference, Vault
from panda_infra.errors import PandaInfraError

if TYPE_CHECKING:
    import requests

__all__ = ["VaultByHttp", "VaultError", "vault_of"]

T = TypeVar("T")

_SECONDS = 20
_AT_ONCE = 8
_IN_POD = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class VaultError(PandaInfraError):
    """A value is not available; the text completes "the reference, which ..."."""


def vault_of(environment: Mapping[str, str] = os.environ) -> Vault:
    """The vault that the environment names by the variables of its own client; asked only when a reference is read.

    `VAULT_ADDR`, `VAULT_NAMESPACE` and `VAULT_CACERT`; `VAULT_TOKEN`, or `VAULT_ROLE` for a log-in by a JWT in
    `VAULT_JWT` or the file `VAULT_JWT_FILE` at the method that is mounted at `VAULT_AUTH_MOUNT`.
    """

    def ask(wanted: Collection[Reference]) -> Mapping[Reference, str | PandaInfraError]:
        try:
            return _connected(environment)(wanted)
        except VaultError as error:
            return dict.fromkeys(wanted, error)

    return ask


def _connected(environment: Mapping[str, str]) -> VaultByHttp:
    given = environment.get
    if not (address := given("VAULT_ADDR", "")):
        raise VaultError("cannot be read: VAULT_ADDR names no vault")
    namespace = given("VAULT_NAMESPACE", "")
    headers = {"X-Vault-Request": "true", **({"X-Vault-Namespace": namespace} if namespace else {})}
    vault = VaultByHttp(address.rstrip("/"), given("VAULT_CACERT") or True, headers)
    if token := given("VAULT_TOKEN"):
        return vault.with_token(token)
    if role := given("VAULT_ROLE"):
        return vault.logged_in(given("VAULT_AUTH_MOUNT") or "jwt", role, _jwt(environment))
    raise VaultError("cannot be read: there is neither VAULT_TOKEN nor VAULT_ROLE to log in with")


def _jwt(environment: Mapping[str, str]) -> str:
    if jwt := environment.get("VAULT_JWT"):
        return jwt
    file = Path(environment.get("VAULT_JWT_FILE") or _IN_POD)
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise VaultError(
            f"cannot be read: VAULT_ROLE needs VAULT_JWT, and {file} cannot be read ({error.strerror})"
        ) from None


@dataclass(frozen=True)
class VaultByHttp(Vault):
    """A vault at an address; ``verify`` is a file of authorities, or True for those of the machine."""

    address: str
    verify: str | bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def with_token(self, token: str) -> VaultByHttp:
        """The same with a token."""
        return VaultByHttp(self.address, self.verify, {**self.headers, "X-Vault-Token": token})

    def logged_in(self, mount: str, role: str, jwt: str) -> VaultByHttp:
        """The same with the token for a JWT, by a method `jwt` or `kubernetes` that is mounted there.

        Raises:
            VaultError: the vault refuses the log-in.
        """
        where = f"auth/{quote(mount.strip('/'))}/login"
        answer = self._send("POST", where, {"role": role, "jwt": jwt})
        if answer.status_code != HTTPStatus.OK:
            raise VaultError(
                f"the vault does not show: it refuses the role {role} at auth/{mount} (HTTP {answer.status_code})"
            )
        return self.with_token(_within(answer, lambda body: str(body["auth"]["client_token"])))

    def __call__(self, wanted: Collection[Reference]) -> Mapping[Reference, str | PandaInfraError]:
        """The value of each reference; every path is read once."""
        places = sorted({(each.mount, each.path) for each in wanted})
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = dict(zip(places, pool.map(self._read, places), strict=True))
        return {each: _value(found[each.mount, each.path], each.key) for each in wanted}

    def _read(self, place: tuple[str, str]) -> Mapping[str, Any] | VaultError:
        """The keys of the newest version."""
        mount, path = place
        try:
            answer = self._send("GET", f"{quote(mount)}/data/{quote(path)}")
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return _absent(answer)
            if answer.status_code == HTTPStatus.FORBIDDEN:
                return VaultError("the vault refuses to show, or to this namespace")
            if answer.status_code != HTTPStatus.OK:
                return VaultError(f"the vault does not show (HTTP {answer.status_code})")
            return _within(answer, lambda body: dict(body["data"]["data"]))
        except VaultError as error:
            return error

    def _send(self, method: str, path: str, body: Mapping[str, str] | None = None) -> requests.Response:
        import requests  # noqa: PLC0415 - slow, and only for stacks with references

        try:
            # Not followed: the token is for this address alone.
            return requests.request(
                method,
                f"{self.address}/v1/{path}",
                json=body,
                headers=dict(self.headers),
                timeout=_SECONDS,
                verify=self.verify,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as error:
            raise VaultError(
                f"cannot be asked for: {self.address} does not answer ({type(error).__name__})"
            ) from None


def _absent(answer: requests.Response) -> VaultError:
    """Describe a missing value: the vault answers with metadata for a deleted version, without for an unknown path."""
    try:
        metadata = answer.json()["data"]["metadata"]
    except (ValueError, LookupError, TypeError):
        return VaultError("the vault does not have")
    how = "destroyed" if metadata.get("destroyed") else "deleted"
    return VaultError(f"the vault has no more: version {metadata.get('version')} is {how}")


def _within(answer: requests.Response, read: Callable[[Any], T]) -> T:
    try:
        return read(answer.json())
    except (ValueError, LookupError, TypeError):
        raise VaultError("the vault does not answer as version 2 of a KV engine does") from None


def _value(found: Mapping[str, Any] | VaultError, key: str) -> str | VaultError:
    if isinstance(found, VaultError):
        return found
    value = found.get(key)
    if isinstance(value, str) and value:
        return value
    if key in found:
        return VaultError("is empty there, or no text")
    return VaultError(f"the vault has only with other keys: {', '.join(sorted(found)) or 'none'}")
