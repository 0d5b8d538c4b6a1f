"""Harvester: its configuration file of the chart, with the variables that its start scripts leave."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from testbed.consumers.pods import Container
from tests.support.readers import values
from tests.support.readers.values import RefusedError

__all__ = ["Harvester", "read"]

_CONFIGURATION = "/opt/harvester/etc/configmap/panda_harvester_configmap.json"
_SANDBOX = "/opt/harvester/sandbox/"
_VARIABLE = re.compile(r"\$\{*([^\}]+)\}*")
_WORDS: Mapping[str, object] = {"True": True, "False": False, "None": None}
_CREDENTIALS = ("issuer", "client_id", "client_secret")
# What each section must have, and as what type; the image's own file has no useful default for them.
_TEXTS = {
    "db": ("engine", "schema", "host", "password"),
    "master": ("harvester_id",),
    "pandacon": ("auth_type", "auth_origin"),
}
_URLS = ("pandaURL", "pandaURLSSL", "server_api_url_ssl")


@dataclass(frozen=True)
class Harvester:
    """What Harvester works with: sections of its configuration, lists that it loads, and tokens that it writes."""

    sections: Mapping[str, Mapping[str, Any]]
    lists: Mapping[str, str]
    tokens: frozenset[str]
    environment: Mapping[str, str] = field(repr=False)


def read(container: Container, replica: int = 0) -> Harvester:
    """What a replica of Harvester makes of its container.

    Raises:
        RefusedError: it would not start, or take a value for something else.
    """
    environment = _started(container, replica)
    if (file := container.files.get(_CONFIGURATION)) is None:
        raise RefusedError(_CONFIGURATION, "is not mounted")
    sections = {
        section: {key: _value(value, environment) for key, value in options.items()}
        for section, options in json.loads(file.content).items()
    }
    for section, keys in _TEXTS.items():
        for key in keys:
            if not isinstance(sections[section].get(key), str) or not sections[section][key].strip():
                raise RefusedError(f"{section}.{key}", "is no text")
    if not sections["db"]["password"].isascii():
        raise RefusedError("db.password", "has a letter outside ASCII")
    values.host("db.host", sections["db"]["host"])
    for key in _URLS:
        values.url(f"pandacon.{key}", str(sections["pandacon"].get(key)))
    for name in ("MARIADB_USER", "MARIADB_PASSWORD"):
        # The chart's command gives both to mysqladmin without quotes.
        if re.search(r"\s", values.filled(environment, name)):
            raise RefusedError(name, "is split into words by the shell")
    tokens = frozenset(_tokens(container, sections))
    _check_token(str(sections["pandacon"].get("auth_token")), tokens)
    return Harvester(sections, dict(_lists(sections, environment)), tokens, environment)


def _started(container: Container, replica: int) -> Mapping[str, str]:
    """The environment that `setup-harvester` leaves, run by a shell as the image does."""
    environment = {**container.environment, "HOSTNAME": f"{container.workload}-{replica}"}
    with tempfile.TemporaryDirectory() as folder:
        for path, file in container.files.items():
            if path.startswith(_SANDBOX) and path.endswith("setup-harvester"):
                Path(folder, path.removeprefix(_SANDBOX)).write_bytes(file.content)
        command = ("bash", "-c", ". ./setup-harvester >/dev/null; env --null")
        done = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            check=False,
            timeout=10,
        )
    if done.returncode:
        raise RefusedError("setup-harvester", "fails")
    return dict(pair.split("=", 1) for pair in done.stdout.decode().split("\0") if pair)


def _value(value: Any, environment: Mapping[str, str]) -> Any:
    """A text that starts with `$` is a variable; some texts are taken for something else."""
    if not isinstance(value, str):
        return value
    if value.startswith("$"):
        value = _variable(value, environment)
    if value in _WORDS:
        return _WORDS[value]
    return int(value) if re.fullmatch(r"\d+\n?", value) else value


def _variable(text: str, environment: Mapping[str, str]) -> str:
    match = _VARIABLE.search(text)
    return values.needed(environment, match[1]) if match else text


def _lists(
    sections: Mapping[str, Mapping[str, Any]], environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What its cacher downloads, by name; what the server gives it itself left out."""
    for entry in sections["cacher"]["data"]:
        name, _, source = entry.split("|")
        source = _variable(source, environment)
        if source.startswith("panda_server:"):
            continue
        if not source.startswith("file:"):
            values.url(name, source)
        yield name, source


def _tokens(container: Container, sections: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The files that its credential manager writes, of the plug-ins whose client the stack has."""
    plugins = [
        each for each in sections["credmanager"]["pluginConfigs"] if each["name"] == "IamTokenCredManager"
    ]
    for plugin in plugins:
        for setup in plugin["configs"].values():
            path = setup["client_cred_file"].replace("/..data/", "/")
            if (file := container.files.get(path)) is None:
                continue
            _check_client(path, file.content)
            if setup["target_type"] == "panda":
                yield f"{setup['out_dir'].rstrip('/')}/{setup.get('panda_token_filename', 'panda_token')}"
            for target in setup.get("target_list") or ():
                # It names the file by the MD5 of the target.
                name = hashlib.md5(target.encode(), usedforsecurity=False).hexdigest()
                yield f"{setup['out_dir'].rstrip('/')}/{name}"


def _check_client(where: str, content: bytes) -> None:
    try:
        client = json.loads(content)
        missing = [key for key in _CREDENTIALS if not client[key]]
    except (ValueError, KeyError, TypeError):
        raise RefusedError(where, "is no JSON of a client") from None
    if missing or urlsplit(client["issuer"]).scheme not in ("http", "https"):
        raise RefusedError(where, "has no client or no issuer")


def _check_token(token: str, written: frozenset[str]) -> None:
    """The token itself, or the file of one; without either the server takes none of its calls, but it runs."""
    path = token.removeprefix("file:")
    if path != token and path not in written:
        raise RefusedError("pandacon.auth_token", "names a file that nothing writes")
