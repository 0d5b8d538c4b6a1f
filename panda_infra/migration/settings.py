"""The secrets chart's values -> settings and encrypted values of the stack file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from panda_infra.catalog.components import COMPONENTS
from panda_infra.catalog.experiments import EXPERIMENTS
from panda_infra.config.settings import MsgsvcSettings
from panda_infra.migration.checkout import Tree
from panda_infra.migration.outcome import Outcome
from panda_infra.migration.tables import PLAIN, SECRET, SETTLED, USUAL

__all__ = ["place_settings"]

FILE = "secrets/values.yaml"
_PLACEHOLDER = re.compile(r"\W*(FIXME|CHANGEME|TODO)\W*", re.IGNORECASE)
_DISCOVERY = "/.well-known/openid-configuration"
_PROVIDERS = {"cern": "CERNOIDC"}


def place_settings(values: Tree, outcome: Outcome, *, experiment: str) -> None:
    """Put every value of the secrets chart into the outcome, or list it.

    Args:
        values: the chart's values, every scalar as text.
        outcome: knows the deployed components already; gets settings, secrets and notes.
        experiment: whose stack it is.
    """
    # Where two keys mean the same, the later row of the table wins, as in upstream's templates.
    rank = {key: index for index, key in enumerate(PLAIN)}
    for path, value in sorted(_leaves(values, ()), key=lambda leaf: rank.get(".".join(leaf[0]), -1)):
        key = ".".join(path)
        if (
            path[0] in COMPONENTS
            and path[0] not in outcome.sections["components"]
            and path[1:] != ("enabled",)
        ):
            outcome.settle(FILE, key, f"the stack does not deploy {path[0]}")
        elif isinstance(value, list):
            _place_list(key, value, outcome)
        elif not value or value in ("~", "null"):
            continue
        elif _PLACEHOLDER.fullmatch(value):
            outcome.settle(FILE, key, "is still a placeholder")
        else:
            _place(key, value, outcome, experiment)
    _tidy(outcome)


def _place(key: str, value: str, outcome: Outcome, experiment: str) -> None:
    if key in PLAIN:
        target, convert = PLAIN[key]
        try:
            outcome.put(tuple(target.split(".")), convert(value))
        except ValueError:
            outcome.miss(FILE, key, f"does not fit {target}")
    elif key in SECRET:
        outcome.secrets[tuple(SECRET[key].split("."))] = value
    elif key in SETTLED:
        outcome.settle(FILE, key, SETTLED[key])
    elif USUAL.get(key) == value:
        outcome.settle(FILE, key, "is what the charts fix anyway")
    elif key in ("panda.hostName", "bigmon.hostname"):
        _place_host(key, value, outcome)
    elif key == "harvester.experiment" and value == EXPERIMENTS[experiment].harvester:
        outcome.settle(FILE, key, "follows from the stack's experiment")
    elif key == "cric.real":
        outcome.put(("cric", "real"), value != "false")
    elif key.startswith("bigmon.auth.providers."):
        _place_provider(key, value, outcome)
    else:
        outcome.miss(FILE, key, "nothing in a stack file stands for it")


def _place_host(key: str, host: str, outcome: Outcome) -> None:
    component = key.partition(".")[0]
    known = outcome.sections.get("hosts", {}).get(component)
    if known is None:
        outcome.put(("hosts", component), host)
    elif known != host:
        outcome.miss(
            FILE, key, f"differs from the host in the charts' values, which became hosts.{component}"
        )


def _place_provider(key: str, value: str, outcome: Outcome) -> None:
    *_, given, field = key.split(".")
    name = _PROVIDERS.get(given, given)
    settings = ("components", "bigmon", "settings", "providers", name)
    if field == "key":
        outcome.put((*settings, "clientId"), value)
    elif field == "basePath":
        outcome.put((*settings, "basePath"), value)
    elif field == "secret":
        outcome.secrets[("bigmon", "providerSecrets", name)] = value
    else:
        outcome.miss(FILE, key, "BigMon reads no such field of a provider")


def _place_list(key: str, items: list[Any], outcome: Outcome) -> None:
    if key == "msgsvc.accounts":
        outcome.put(("components", "msgsvc", "settings", "accounts"), items)
    elif key == "msgsvc.channels":
        channels = [
            dict(zip(("name", "writers", "readers"), str(item).split(":"), strict=False)) for item in items
        ]
        lists = [{k: v if k == "name" else v.split(",") for k, v in channel.items()} for channel in channels]
        known = {channel["name"] for channel in lists}
        # JEDI uses two channels that upstream's list lacks (T30).
        usual = MsgsvcSettings().model_dump(mode="json", by_alias=True)["channels"]
        lists += [channel for channel in usual if channel["name"] not in known]
        outcome.put(("components", "msgsvc", "settings", "channels"), lists)
    elif key == "auth.oidc.clients":
        for index, client in enumerate(items):
            _place_client(f"{key}[{index}]", client, outcome)
    else:
        outcome.miss(FILE, key, "nothing in a stack file stands for it")


def _place_client(key: str, client: dict[str, str], outcome: Outcome) -> None:
    names = {
        "name": "name",
        "client_id": "clientId",
        "audience": "audience",
        "config_url": "configUrl",
        "jwt_profile": "jwtProfile",
    }
    given = {
        field: value for field, value in client.items() if value and not _PLACEHOLDER.fullmatch(str(value))
    }
    name = client.get("name", "")
    if "client_id" not in given:
        outcome.settle(FILE, key, f"the client of VO {name} is still a placeholder")
        return
    found: Tree = {names[field]: value for field, value in given.items() if field in names}
    if "robot_ids" in given:
        found["robotIds"] = [robot for part in given["robot_ids"].split(",") if (robot := part.strip())]
    if "client_secret" in given:
        outcome.secrets[("auth", "clientSecrets", name)] = given["client_secret"]
    for field in given.keys() - names.keys() - {"robot_ids", "client_secret"}:
        outcome.miss(FILE, f"{key}.{field}", "nothing in a stack file stands for it")
    outcome.sections.setdefault("auth", {}).setdefault("clients", []).append(found)


def _tidy(outcome: Outcome) -> None:
    """Leave out what the program derives, and what is of no use without something that is missing."""
    sections = outcome.sections
    auth, hosts = sections.get("auth", {}), sections.get("hosts", {})
    if auth.get("configUrl", "").endswith(_DISCOVERY):
        _one_issuer(auth)
    for derived, host in (("issuer", hosts.get("iam")), ("audience", hosts.get("panda"))):
        if host and auth.get(derived) == f"https://{host}":
            del auth[derived]
    rucio = sections.get("rucio", {})
    for derived, source in (("authHost", "host"), ("username", "account")):
        if derived in rucio and rucio[derived] == rucio.get(source):
            del rucio[derived]
    iam = sections["components"].get("iam", {}).get("settings", {})
    if "iam" in hosts and iam.get("baseUrl", "").rstrip("/") == f"https://{hosts['iam']}":
        del iam["baseUrl"]
    for owner, partial, required in (
        (auth, "internal", {"clientId"}),
        (auth, "tokenCache", {"clientId"}),
        (sections, "objectStore", {"host", "bucket"}),
    ):
        if partial in owner and not required <= owner[partial].keys():
            given = ", ".join(sorted(owner.pop(partial)))
            lacking = " and ".join(sorted(required))
            outcome.settle(
                FILE, f"{partial}: {given}", f"is of no use without {lacking}, which the checkout lacks"
            )


def _one_issuer(auth: Tree) -> None:
    """One issuer instead of many addresses of it."""
    discovery = auth.pop("configUrl")
    auth["issuer"] = discovery.removesuffix(_DISCOVERY)
    derived = {
        "configUrl": discovery,
        "tokenEndpoint": f"{auth['issuer']}/token",
        "audience": auth.get("audience"),
    }
    for client in [*auth.get("clients", []), auth.get("internal", {}), auth.get("tokenCache", {})]:
        for key in [key for key in client if key in derived and client[key] == derived[key]]:
            del client[key]


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    else:
        yield path, value
