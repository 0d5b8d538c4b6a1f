"""Check the log-in to OpenStack before the libraries use it.

keystoneauth and the SDK read clouds.yaml, the variables and the log-in plug-ins. They ignore unreadable parts, or end
in exceptions without a clear message.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from openstack.config import loader

from panda_infra.config import yaml_nodes

__all__ = ["file_problem", "login_of", "login_problem", "scope_of", "where_of"]

_BESIDE = {"cacert": "the file with the authorities", "cert": "the client certificate", "key": "its key"}
_KERBEROS = ("v3kerberos", "v3fedkerb")
_WITHOUT_KEYSTONE = ("none", "http_basic", "admin_token")
_PASSWORDS = ("password", "v2password", "v3password")
_VARIABLES = {"cacert": "OS_CACERT", "cert": "OS_CERT", "key": "OS_KEY"}


def where_of(cloud: str | None) -> str:
    """The place of a log-in, for messages."""
    return f"cloud {cloud!r} in clouds.yaml" if cloud else "the OS_* variables"


def file_problem(cloud: str | None) -> str | None:
    """The first part of clouds.yaml or secure.yaml that the SDK cannot use: the file, the key, what to do."""
    kinds = (("OS_CLIENT_CONFIG_FILE", loader.CONFIG_FILES), ("OS_CLIENT_SECURE_FILE", loader.SECURE_FILES))
    for variable, usual in kinds:
        named = os.environ.get(variable)
        path = next((Path(file) for file in [*filter(None, [named]), *usual] if Path(file).exists()), None)
        if named and not Path(named).exists():
            return f"{variable} names {named}, which is not there: correct or unset it"
        if path is not None and (problem := next(_of_file(path, cloud), None)):
            return problem
    return None


def login_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings for keystoneauth, which the SDK reads from ``auth`` and from the level above."""
    return {**settings, **(settings.get("auth") or {})}


def login_problem(cloud: str | None, kind: str, settings: Mapping[str, Any]) -> str | None:
    """The first problem of a log-in of a kind; None if it has none.

    Args:
        cloud: its name; None for the variables.
        kind: of keystoneauth's plug-in, such as ``password``.
        settings: as the SDK has read them.
    """
    auth = login_of(settings)
    if kind in _KERBEROS and find_spec("requests_kerberos") is None:
        return (
            f"the log-in {kind} needs a package of keystoneauth's that is not installed: "
            "`pip install 'keystoneauth1[kerberos]'` in the program's environment (the headers of Kerberos must be "
            "there: libkrb5-dev or krb5-devel), then `kinit`. Or give a token: `export OS_TOKEN=$(openstack token "
            "issue -f value -c id) OS_AUTH_TYPE=v3token`"
        )
    if kind not in _WITHOUT_KEYSTONE and not str(auth.get("auth_url")).startswith(("http://", "https://")):
        return _missing(cloud, "auth_url", "an address that starts with https://")
    if kind in _PASSWORDS and not auth.get("password"):
        return _missing(cloud, "password", "set")
    for key, what in _BESIDE.items():
        file = settings.get(key)
        if file and not Path(str(file)).expanduser().exists():
            named = f"{key} of {where_of(cloud)}" if cloud else _VARIABLES[key]
            return f"{named}: {what} is not at {file}: correct the path, or bring the file"
    return None


def scope_of(auth: Mapping[str, Any]) -> str:
    """The scope that a log-in asks for: system, domain, project, or none."""
    if auth.get("system_scope"):
        return "the system"
    for kind in ("project", "tenant"):
        for key in (f"{kind}_name", f"{kind}_id"):
            if given := auth.get(key):
                domain = auth.get("project_domain_name") or auth.get("project_domain_id")
                return f"project {given}" + (f" of domain {domain}" if domain else "")
    domain = auth.get("domain_name") or auth.get("domain_id")
    if domain:
        return f"domain {domain}"
    own = any(key.startswith("application_credential") for key in auth)
    return "the application credential's project" if own else "no project, domain or system"


def _missing(cloud: str | None, key: str, what: str) -> str:
    name = f"clouds.{cloud}.auth.{key} in clouds.yaml" if cloud else f"OS_{key.upper()}"
    return f"{name} is not {what}"


def _of_file(path: Path, cloud: str | None) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else yaml_nodes.load(text)
    except OSError as error:
        yield f"{path} cannot be read ({error.strerror})"
        return
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
        tab = ": a tab; indent by spaces" if "\t" in line[: len(line) - len(line.lstrip())] else ""
        yield f"{path} is no YAML" + (
            f" at line {mark.line + 1}, column {mark.column + 1}{tab}" if mark else ""
        )
        return
    clouds = (document or {}).get("clouds") if isinstance(document, dict | None) else None
    if clouds is None and document is None:
        return
    if not isinstance(clouds, dict):
        yield f"{path} has no mapping `clouds`: see `openstack --help` for its form"
        return
    entries = {cloud: clouds.get(cloud)} if cloud else clouds
    for name, entry in entries.items():
        if entry is not None and not isinstance(entry, dict):
            yield f"{path}: clouds.{name} is no mapping: write `auth:` and the rest below it"
        elif entry and not isinstance(entry.get("auth", {}), dict):
            yield f"{path}: clouds.{name}.auth is no mapping: write auth_url and the rest below it, each on its line"
