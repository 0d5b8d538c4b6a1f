"""BigMon: its Django settings, and the ini and JSON files for the libraries that it calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from testbed.consumers.pods import Container
from tests.support.readers import templates, values
from tests.support.readers.values import RefusedError

__all__ = ["Bigmon", "read"]

_TEMPLATES = "/data/bigmon/configmap"
# The name in `local.py` from which each kind of installation takes its databases.
_DATABASES = {
    "ORACLE_ATLAS": "dbaccess_oracle_atlas",
    "ORACLE_ATLAS_TB": "dbaccess_oracle_atlas",
    "ORACLE_DOMA": "dbaccess_oracle_doma",
    "POSTGRES": "dbaccess_postgres",
}
# Applications that its own list has already; Django wants each once.
_APPS = ("core.oauth", "core.pandajob", "core.schedresource", "core.dashboards", "core.status_summary")
_MORE_APPS = ("core.harvester", "core.filebrowser")
# By the name in the list of log-in providers, the part of the settings' names; `none` is offered by nobody.
_PROVIDERS = {"Google": "GOOGLE_OAUTH2", "cern": "CERNOIDC", "github": "GITHUB", "indigoiam": "INDIGOIAM"}
_NO_PROVIDER = "none"
# It names the server in several ways, each of which has a default at CERN.
_ADDRESSES = ("PANDA_URL", "PANDA_URL_SSL", "PANDA_API_URL", "PANDA_API_URL_SSL", "PANDA_SERVER_URL")


@dataclass(frozen=True)
class Bigmon:
    """What BigMon works with: Django's settings, rucio.cfg, idds.cfg and the token for iDDS."""

    settings: Mapping[str, Any]
    databases: Mapping[str, Mapping[str, str]]
    rucio: Mapping[str, Mapping[str, str]]
    idds: Mapping[str, Mapping[str, str]]
    token: str


def read(container: Container) -> Bigmon:
    """What BigMon makes of its container.

    Raises:
        RefusedError: it would not start, or take a value for something else.
    """
    environment = container.environment
    texts = {
        path.removeprefix(f"{_TEMPLATES}/").removesuffix(".template"): templates.substituted(
            path, file.content.decode(), environment
        )
        for path, file in container.files.items()
        if path.startswith(_TEMPLATES) and path.endswith(".template")
    }
    settings = _executed(values.filled(texts, "local.py"))
    _check(environment, settings)
    _check_rucio(container, settings)
    return Bigmon(
        settings,
        dict(_databases(environment, settings)),
        templates.ini("rucio.cfg", values.filled(texts, "rucio.cfg")),
        templates.ini("idds.cfg", values.filled(texts, "idds.cfg")),
        _token(values.filled(texts, "idds_token.json")),
    )


def _executed(text: str) -> dict[str, Any]:
    """The settings that a Python file makes; it has nothing but literals, and names from above."""
    settings: dict[str, Any] = {"__builtins__": {}}
    try:
        exec(compile(text, "local.py", "exec"), settings)
    except SyntaxError:
        raise RefusedError("local.py", "is no Python") from None
    except (NameError, TypeError, ValueError) as error:
        raise RefusedError("local.py", f"does not run: {type(error).__name__}") from None
    del settings["__builtins__"]
    return settings


def _check(environment: Mapping[str, str], settings: Mapping[str, Any]) -> None:
    values.filled(settings, "MY_SECRET_KEY")
    if not isinstance(settings.get("DEBUG"), bool):
        raise RefusedError("DEBUG", "is neither True nor False")
    for each in values.filled(environment, "BIGMON_HOST").split(","):
        values.host("ALLOWED_HOSTS", each)
    values.whole("BIGMON_NUM_WSGI_PROC", environment["BIGMON_NUM_WSGI_PROC"], least=1)
    for name in _ADDRESSES:
        values.url(name, values.filled(environment, name))
    values.url("CRIC_API_URL", values.filled(environment, "CRIC_API_URL"))
    extra = environment["BIGMON_INSTALLED_APPS_LIST"]
    apps = [*_APPS, *_MORE_APPS, *(extra.split(",") if extra else ())]
    if twice := sorted({app for app in apps if apps.count(app) > 1}):
        raise RefusedError("INSTALLED_APPS", f"has {', '.join(twice)} twice")
    offered = values.filled(environment, "BIGMON_AUTH_PROVIDER_LIST").split(",")
    for provider in offered if offered != [_NO_PROVIDER] else ():
        part = _PROVIDERS[values.one_of("AUTH_PROVIDER_LIST", provider, _PROVIDERS)]
        for key in ("KEY", "SECRET"):
            values.filled(settings, f"SOCIAL_AUTH_{part}_{key}")
        if provider == "indigoiam":
            values.url("SOCIAL_AUTH_INDIGOIAM_BASEPATH", settings["SOCIAL_AUTH_INDIGOIAM_BASEPATH"])
    if store := settings["OBJECT_STORE"]["host_name"]:
        values.host("OBJECT_STORE", store)
        values.port("OBJECT_STORE", settings["OBJECT_STORE"]["port"])


def _check_rucio(container: Container, settings: Mapping[str, Any]) -> None:
    environment = container.environment
    values.one_of("RUCIO_AUTH_TYPE", environment["RUCIO_AUTH_TYPE"], ("userpass", "x509_proxy"))
    if (
        environment["RUCIO_AUTH_TYPE"] == "x509_proxy"
        and environment["X509_USER_PROXY"] not in container.files
    ):
        raise RefusedError("X509_USER_PROXY", "names no mounted file")
    if server := settings["RUCIO_SERVER_HOST"]:
        values.url("RUCIO_SERVER_HOST", f"https://{server}")
        values.filled(settings, "RUCIO_ACCOUNT")


def _databases(
    environment: Mapping[str, str], settings: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    deployment = values.filled(environment, "BIGMON_DEPLOYMENT")
    name = _DATABASES[values.one_of("BIGMON_DEPLOYMENT", deployment, _DATABASES)]
    if name not in settings:
        raise RefusedError("DATABASES", f"is None: local.py has no {name}")
    # Some of its crons take the name from the settings instead.
    values.one_of("dbaccess", settings["dbaccess"], (name,))
    for alias, database in settings[name].items():
        where = f"DATABASES[{alias!r}]"
        for key in ("NAME", "USER", "PASSWORD"):
            values.filled({f"{where} {key}": database[key]}, f"{where} {key}")
        if database["ENGINE"].endswith("oracle"):
            # With a port Django makes host:port:SID of the three, without one the name is an alias and all.
            if database["PORT"]:
                values.port(f"{where} PORT", database["PORT"])
            if bool(database["PORT"]) != bool(database["HOST"]):
                raise RefusedError(where, "has one of host and port without the other")
            if database["HOST"] and "." not in values.host(f"{where} HOST", database["HOST"]):
                raise RefusedError(where, "has an alias of Oracle where its host must be")
        else:
            values.host(f"{where} HOST", database["HOST"])
            values.port(f"{where} PORT", database["PORT"])
        yield alias, database


def _token(text: str) -> str:
    try:
        token = json.loads(text)["id_token"]
    except (ValueError, KeyError, TypeError):
        raise RefusedError("idds_token.json", "is no JSON with a token") from None
    return str(token)
