"""IAM: what its own files and those of the stack give once Spring has put them over each other."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from testbed.consumers.pods import Container
from tests.support import fast_yaml
from tests.support.readers import spring, values
from tests.support.readers.values import RefusedError

__all__ = ["RESOURCES", "TABLE", "Iam", "Provider", "read", "upstream"]

TABLE: dict[str, Any] = fast_yaml.load(Path("tests/contract/iam.yaml").read_text())
RESOURCES = Path("iam/iam-login-service/src/main/resources")
"""Where a folder of upstream's sources has IAM's own files."""
_FOLDER = PurePosixPath("/indigo-iam/config")
# Profiles that stand for others beside themselves.
_GROUPS = {"prod": ("mysql", "flyway-repair")}
_MIGRATION = re.compile(r"V\d+(_\d+)*__\w+\.sql")


@dataclass(frozen=True)
class Provider:
    """A log-in provider."""

    name: str
    issuer: str
    client_id: str
    client_secret: str
    button: str


@dataclass(frozen=True)
class Iam:
    """What IAM works with: each property of the table, and what lists and files hold."""

    properties: Mapping[str, str]
    profiles: tuple[str, ...]
    providers: tuple[Provider, ...]
    database: str
    migrations: tuple[str, ...]


def upstream() -> Path | None:
    """The folder of IAM's own files, None without its sources."""
    sources = os.environ.get("PANDA_INFRA_UPSTREAM_SOURCES")
    folder = Path(sources or "nowhere", RESOURCES)
    return folder if folder.is_dir() else None


def read(container: Container) -> Iam:
    """What IAM makes of its container.

    Raises:
        RefusedError: it would not start, or take a value for something else.
    """
    profiles = tuple(_profiles(container.environment))
    environment = spring.Environment(container.environment, list(_sources(container, profiles)))
    properties = {
        name: _checked(name, environment.text(name), kind)
        for file in _names(profiles)
        for name, (_, kind) in TABLE.get(file, {}).items()
    }
    _check_keys(container, properties)
    return Iam(
        properties,
        profiles,
        tuple(_providers(environment)) if "oidc" in profiles else (),
        _database(properties) if "prod" in profiles else "",
        tuple(_migrations(container, environment, properties)) if "prod" in profiles else (),
    )


def _profiles(environment: Mapping[str, str]) -> Iterator[str]:
    """By the options that the image's shell splits into words."""
    options = values.filled(environment, "IAM_JAVA_OPTS")
    if options.split() != shlex.split(options) or re.search(r"[*?\[\]$`;&|<>()]", options):
        raise RefusedError("IAM_JAVA_OPTS", "is changed by the shell that splits it")
    start = "-Dspring.profiles.active="
    (given,) = [word.removeprefix(start) for word in options.split() if word.startswith(start)]
    for profile in given.split(","):
        yield profile
        yield from _GROUPS.get(profile, ())


def _names(profiles: tuple[str, ...]) -> list[str]:
    return ["application", *(f"application-{profile}" for profile in profiles)]


def _sources(container: Container, profiles: tuple[str, ...]) -> Iterator[spring.Properties]:
    """The stack's files, then IAM's own; in both the last profile comes first and the general file last."""
    names = _names(profiles)[::-1]
    for name in names:
        for suffix, parse in ((".properties", spring.from_properties), (".yml", spring.from_yaml)):
            if file := container.files.get(str(_FOLDER / f"{name}{suffix}")):
                yield parse(file.content.decode())
    folder = upstream()
    for name in names:
        if folder is None:
            yield {key: text for key, (text, _) in TABLE.get(name, {}).items()}
        elif (path := folder / f"{name}.yml").is_file():
            yield spring.from_yaml(path.read_text())


def _checked(name: str, text: str, kind: str | list[str]) -> str:
    if isinstance(kind, list):
        # Names of constants: their case does not count, nor do dashes and underscores.
        plain = {re.sub("[-_]", "", each).lower(): each for each in kind}
        return plain[values.one_of(name, re.sub("[-_]", "", text).lower(), plain)]
    if kind == "text":
        return text
    if kind == "filled":
        return values.filled({name: text}, name)
    checks: Mapping[str, Any] = {
        "host": values.host,
        "port": values.port,
        "switch": values.switch,
        "url": values.url,
        "whole": values.whole,
    }
    checks[kind](name, text)
    return text


def _check_keys(container: Container, properties: Mapping[str, str]) -> None:
    """Every key that IAM looks for by its id is in the key store, and can sign."""
    where = "iam.jwk.keystore-location"
    location = urlsplit(properties[where])
    file = container.files.get(location.path)
    if location.scheme != "file" or file is None:
        raise RefusedError(where, "names no mounted file")
    try:
        keys = {key["kid"]: key["kty"] for key in json.loads(file.content)["keys"] if "d" in key}
    except (ValueError, KeyError, TypeError):
        raise RefusedError(where, "is no JSON Web Key Set") from None
    for use in ("key-id", "jwe-decrypt-key-id", "jwe-encrypt-key-id"):
        name = f"iam.jwk.default-{use}"
        if keys.get(properties[name]) != "RSA":
            raise RefusedError(name, "is the id of no RSA key of the key store")


def _providers(environment: spring.Environment) -> Iterator[Provider]:
    for index in range(environment.length("oidc.providers")):
        start = f"oidc.providers[{index}]"
        parts = {
            part: values.filled({part: environment.text(f"{start}.{part}")}, part)
            for part in ("name", "issuer", "client.client-id", "client.client-secret", "client.redirect-uris")
        }
        values.url(f"{start}.issuer", parts["issuer"])
        for address in parts["client.redirect-uris"].split(","):
            values.url(f"{start}.client.redirect-uris", address)
        yield Provider(
            name=parts["name"],
            issuer=parts["issuer"],
            client_id=parts["client.client-id"],
            client_secret=parts["client.client-secret"],
            button=environment.text(f"{start}.login-button.text"),
        )


def _database(properties: Mapping[str, str]) -> str:
    """Host, port and database that the driver connects to."""
    where = "spring.datasource.url"
    address = urlsplit(properties[where].removeprefix("jdbc:"))
    try:
        number = address.port
    except ValueError:
        raise RefusedError(where, "has no port that is a number") from None
    values.host(where, address.hostname or "")
    values.filled({where: address.path.strip("/")}, where)
    return f"{address.hostname}:{number}{address.path}"


def _migrations(
    container: Container, environment: spring.Environment, properties: Mapping[str, str]
) -> Iterator[str]:
    """The stack's own statements, which Flyway finds in a folder and runs among IAM's."""
    where = "spring.flyway.locations"
    for place in environment.items(where):
        kind, _, path = place.partition(":")
        if values.one_of(where, kind, ("classpath", "filesystem")) == "classpath":
            continue
        folder = PurePosixPath(path)
        # The kubelet mounts a Secret's files as links into this folder.
        folder = folder.parent if folder.name == "..data" else folder
        found = [name for name in map(PurePosixPath, container.files) if name.parent == folder]
        scripts = [name.name for name in found if name.suffix == ".sql"]
        if not scripts:
            raise RefusedError(where, "names a folder without statements")
        if wrong := [name for name in scripts if not _MIGRATION.fullmatch(name)]:
            raise RefusedError(where, f"has files whose names Flyway does not know: {', '.join(wrong)}")
        if properties["spring.flyway.out-of-order"] != "true":
            raise RefusedError("spring.flyway.out-of-order", "is off, so that an older database refuses them")
        for name in scripts:
            # Flyway replaces its own placeholders in them.
            if "${" in container.files[str(folder / name)].content.decode():
                raise RefusedError(name, "has a placeholder")
            yield name
