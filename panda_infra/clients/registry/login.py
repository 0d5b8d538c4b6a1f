"""Find Helm's log-in to an OCI registry: in Helm's file first, then in Docker's, each with its helpers."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panda_infra.errors import NoAnswerError, NotAllowedError, NotFoundError, PandaInfraError

__all__ = [
    "Login",
    "RegistryError",
    "RegistryNotAllowedError",
    "RegistryNotFoundError",
    "RegistryUnreachableError",
    "config_files",
    "login_for",
    "registry_settings",
]

_HELPER_WITHIN = 10.0  # seconds
_PLUGIN_FILE = "PULUMI_K8S_HELM_REGISTRY_CONFIG_PATH"
_DOCKER_HUB = "https://index.docker.io/v1/"  # Docker's key for the log-in to docker.io
_NO_LOGIN = "credentials not found"  # a helper's message for "none"
_TOKEN_USER = "<token>"  # noqa: S105 - a helper's user name for a refresh token


class RegistryError(PandaInfraError):
    """A request to a registry failed."""


class RegistryUnreachableError(RegistryError, NoAnswerError):
    """Nothing answers at the registry's address."""


class RegistryNotAllowedError(RegistryError, NotAllowedError):
    """The registry demands a log-in that is missing, or refuses the present one."""


class RegistryNotFoundError(RegistryError, NotFoundError):
    """The registry answers that the chart does not exist."""


@dataclass(frozen=True, repr=False)
class Login:
    """A log-in from ``file``; ``refresh`` and ``access`` are tokens in place of a password."""

    file: str
    user: str = ""
    password: str = ""
    refresh: str = ""
    access: str = ""

    @property
    def basic(self) -> str:
        """User and password for HTTP's Basic scheme; empty without them."""
        pair = f"{self.user}:{self.password}"
        return base64.b64encode(pair.encode()).decode() if self.user and self.password else ""


def registry_settings() -> dict[str, str]:
    """The variables that make the engine's plugin read the same log-ins: it ignores Helm's own variable."""
    return {_PLUGIN_FILE: str(config_files()[0])}


def config_files() -> tuple[Path, Path]:
    """Helm's and Docker's files of log-ins."""
    named = os.environ.get(_PLUGIN_FILE) or os.environ.get("HELM_REGISTRY_CONFIG")
    home = Path.home()
    settings = os.environ.get("XDG_CONFIG_HOME")
    helm = Path(os.environ.get("HELM_CONFIG_HOME") or Path(settings or home / ".config") / "helm")
    legacy = helm / "registry.json"
    own = Path(named) if named else legacy if legacy.exists() else helm / "registry" / "config.json"
    return own, Path(os.environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json"


def login_for(host: str) -> Login | None:
    """The log-in for a registry; None if there is none.

    Raises:
        RegistryNotAllowedError: it cannot be read.
    """
    key = _DOCKER_HUB if host in ("docker.io", "registry-1.docker.io") else host
    found = (_from_file(file, key) for file in config_files())
    return next((login for login in found if login is not None), None)


def _from_file(file: Path, host: str) -> Login | None:
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig") or "{}")
        helpers: Mapping[str, str] = document.get("credHelpers") or {}
        entries: Mapping[str, Mapping[str, Any]] = document.get("auths") or {}
        helper = (
            helpers.get(host) or document.get("credsStore") or ("" if entries or helpers else _usual_helper())
        )
        if helper:
            return _from_helper(str(helper), host, file)
        entry = entries.get(host) or next((one for name, one in entries.items() if _bare(name) == host), None)
        return _from_entry(entry, file) if entry else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryNotAllowedError(f"{file} cannot be read ({error.strerror})") from None
    except (ValueError, AttributeError, TypeError):
        what = f"{file} is no file of log-ins to registries: remove it, then `helm registry login {host}`"
        raise RegistryNotAllowedError(what) from None


def _from_entry(entry: Mapping[str, Any], file: Path) -> Login | None:
    user, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if encoded := entry.get("auth"):
        user, _, password = base64.b64decode(str(encoded), validate=True).decode().partition(":")
    tokens = str(entry.get("identitytoken") or ""), str(entry.get("registrytoken") or "")
    login = Login(str(file), user, password, *tokens)
    return login if login.basic or any(tokens) else None


def _from_helper(helper: str, host: str, file: Path) -> Login | None:
    name = f"docker-credential-{helper}"
    where = f"{file} leaves the log-in to {name}"
    try:
        done = subprocess.run(
            [name, "get"], input=host.encode(), capture_output=True, timeout=_HELPER_WITHIN, check=False
        )
    except FileNotFoundError:
        raise RegistryNotAllowedError(f"{where}, which is not on PATH: install it") from None
    except (OSError, subprocess.TimeoutExpired):
        raise RegistryNotAllowedError(f"{where}, which does not answer") from None
    if done.returncode:
        output = (done.stdout + done.stderr).decode(errors="replace").strip()
        if _NO_LOGIN in output:
            return None
        raise RegistryNotAllowedError(
            f"{where}, which fails: {output.splitlines()[-1] if output else 'it gives no reason'}"
        )
    answer = json.loads(done.stdout)
    user, secret = str(answer["Username"]), str(answer["Secret"])
    by = f"{name} of {file}"
    return Login(by, refresh=secret) if user == _TOKEN_USER else Login(by, user, secret)


def _usual_helper() -> str:
    """The keychain that Docker and Helm use by default if a file has no log-in at all."""
    helper = "pass" if shutil.which("pass") else "secretservice"
    return helper if shutil.which(f"docker-credential-{helper}") else ""


def _bare(address: str) -> str:
    return address.removeprefix("http://").removeprefix("https://").partition("/")[0]
