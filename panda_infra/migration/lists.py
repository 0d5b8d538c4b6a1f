"""The lists of the secrets chart: the broker's accounts and channels, and OIDC clients, each entry by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from panda_infra.config.base import Model
from panda_infra.config.unresolved import unresolved
from panda_infra.migration.outcome import Note, Outcome
from panda_infra.migration.scalars import Scalar, is_placeholder
from panda_infra.products.panda.auth import OidcClient
from panda_infra.products.panda.components.msgsvc import Channel, MsgsvcSettings

__all__ = ["LISTS", "place_list"]

_BROKER = ("components", "msgsvc", "settings")
# JEDI uses these channels, which are missing from upstream's list (T30).
_OF_JEDI = ("jedi_contents_feeder", "jedi_job_generator")
_FIELDS = {
    "name": "name",
    "client_id": "clientId",
    "audience": "audience",
    "config_url": "configUrl",
    "jwt_profile": "jwtProfile",
}


def place_list(key: str, items: list[Any], outcome: Outcome) -> None:
    """Put each entry of a list into the outcome, or note it by its name."""
    if place := LISTS.get(key):
        place(key, items, outcome)
    else:
        file = next((item.file for item in items if isinstance(item, Scalar)), "")
        outcome.miss(file, key, "nothing in a stack file stands for it")


def _accounts(key: str, items: list[Any], outcome: Outcome) -> None:
    accounts = []
    for file, text in _texts(key, items, outcome):
        if _fits(MsgsvcSettings, {"accounts": [text]}):
            accounts.append(text)
        else:
            outcome.miss(file, f"{key}[{text}]", "cannot be the name of an account")
    if accounts:
        outcome.put((*_BROKER, "accounts"), accounts)
    else:
        outcome.miss("", key, "names no account: those that the stack has by default hold")


def _channels(key: str, items: list[Any], outcome: Outcome) -> None:
    channels = []
    for file, text in _texts(key, items, outcome):
        name, *parties = text.split(":")
        fields = dict(zip(("writers", "readers"), (part.split(",") for part in parties), strict=False))
        channel: dict[str, Any] = {"name": name, **fields}
        if len(parties) == len(fields) and _fits(Channel, channel):
            channels.append(channel)
        else:
            outcome.miss(file, f"{key}[{name}]", "is no channel: write NAME:WRITERS:READERS")
    known = {channel["name"] for channel in channels}
    usual = MsgsvcSettings().model_dump(mode="json", by_alias=True)["channels"]
    channels += [each for each in usual if each["name"] in _OF_JEDI and each["name"] not in known]
    outcome.put((*_BROKER, "channels"), channels)


def _texts(key: str, items: list[Any], outcome: Outcome) -> list[tuple[str, str]]:
    """File and text of each entry that is a text."""
    for index, item in enumerate(items):
        if not isinstance(item, Scalar) or not item.given:
            outcome.miss(_file(item), f"{key}[{index}]", "must be a text")
    return [(item.file, item.given) for item in items if isinstance(item, Scalar) and item.given]


def _clients(key: str, items: list[Any], outcome: Outcome) -> None:
    clients: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(items):
        name = item.get("name") if isinstance(item, dict) else None
        here = f"{key}[{name.given if isinstance(name, Scalar) and name.given else index}]"
        if (
            not isinstance(item, dict)
            or not isinstance(name, Scalar)
            or not _fits_client({"name": name.given})
        ):
            outcome.miss(_file(item), here, "must be a mapping with the name of a VO")
        elif name.given in clients:
            outcome.miss(name.file, here, "another client has this name")
        elif client := _client(here, item, outcome):
            clients[name.given] = client
    for position, name in enumerate(clients):
        outcome.origins["auth", "clients", position] = ("secrets/values.yaml", f"{key}[{name}]")
    if clients:
        outcome.put(("auth", "clients"), list(clients.values()))


def _client(key: str, item: Mapping[str, Any], outcome: Outcome) -> dict[str, Any] | None:
    """The settings of a client; its secret goes into the outcome."""
    given = dict(_filled_in(key, item, outcome))
    name = item["name"]
    why = f"the client of VO {name.text} has no client id: neither it nor its secret was imported"
    if "client_id" not in given:
        outcome.settle(name.file, key, why)
        return None
    if not _fits_client({"clientId": given["client_id"].text}):
        outcome.miss(name.file, f"{key}.client_id", f"cannot be the id of a client: {why}")
        return None
    found: dict[str, Any] = {}
    for field, value in given.items():
        here = f"{key}.{field}"
        if field == "client_secret":
            path = ("auth", "clientSecrets", name.text)
            outcome.keep(path, value.text, origin=(value.file, here))
        elif field == "robot_ids":
            found["robotIds"] = _robots(here, value, outcome)
        elif field not in _FIELDS:
            outcome.miss(value.file, here, "nothing in a stack file stands for it")
        elif _fits_client({_FIELDS[field]: value.text}):
            found[_FIELDS[field]] = value.text
        else:
            outcome.miss(value.file, here, f"does not fit {_FIELDS[field]} of auth.clients")
    return found


def _filled_in(key: str, item: Mapping[str, Any], outcome: Outcome) -> Iterator[tuple[str, Scalar]]:
    """The fields that a site has filled in. Others are noted; empty ones are skipped, as upstream's chart does."""
    for field, value in item.items():
        here = f"{key}.{field}"
        if not isinstance(value, Scalar):
            outcome.miss(_file(value), here, "must be a text")
        elif words := unresolved(value.text):
            outcome.unresolved.append(Note(value.file, here, words))
        elif is_placeholder(value):
            outcome.settle(value.file, here, "is still a placeholder")
        elif value.given:
            yield field, value


def _robots(key: str, value: Scalar, outcome: Outcome) -> list[str]:
    robots = [robot for part in value.given.split(",") if (robot := part.strip())]
    for robot in robots:
        if not _fits_client({"robotIds": [robot]}):
            outcome.miss(value.file, f"{key}[{robot}]", "cannot be the id of a client")
    return [robot for robot in robots if _fits_client({"robotIds": [robot]})]


def _fits_client(fields: Mapping[str, Any]) -> bool:
    return _fits(OidcClient, {"name": "x", "clientId": "x", **fields})


def _fits(model: type[Model], fields: Mapping[str, Any]) -> bool:
    try:
        model.model_validate(fields, strict=False)
    except ValidationError:
        return False
    return True


def _file(value: Any) -> str:
    if isinstance(value, dict):
        return next((_file(item) for item in value.values()), "")
    return value.file if isinstance(value, Scalar) else ""


LISTS: Mapping[str, Callable[[str, list[Any], Outcome], None]] = {
    "msgsvc.accounts": _accounts,
    "msgsvc.channels": _channels,
    "auth.oidc.clients": _clients,
}
