"""Brings accounts, storages, distances and limits of a Rucio server into the declared state, by Rucio's own client.

Runs in an image of Rucio, whose Python may be as old as 3.9. Adds what is missing and changes what differs, each with a
line; deletes nothing. What the server has beside the declaration is listed as drift. What the server refuses is named
at the end, after all that can be done without it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SETTINGS = Path(__file__).with_name("settings.json")
_SECRETS = Path(os.environ.get("RUCIO_JOB_SECRETS", "/secrets"))
_PATIENCE = 180  # seconds for a server that is still starting
# Keys of a storage that its own call changes.
_PLAIN = ("deterministic", "volatile")


_REFUSED: list[str] = []


def main() -> None:
    """Bring everything into the declared state."""
    settings: dict[str, Any] = json.loads(_SETTINGS.read_text())
    with tempfile.TemporaryDirectory() as folder:
        client = _client(Path(folder), settings["server"])
        for change in _changes(client, settings):
            sys.stdout.write(f"{change}\n")
    if _REFUSED:
        sys.exit("\n".join(["the server refuses a part of what is declared:", *_REFUSED]))
    sys.stdout.write("all is as declared\n")


def _trying(what: str, changes: Iterator[str]) -> Iterator[str]:
    """Make the changes of one thing; a refusal by the server is noted and does not stop the other changes."""
    from rucio.common.exception import RucioException  # noqa: PLC0415 - after the configuration

    try:
        yield from changes
    except RucioException as error:
        _REFUSED.append(f"{what}: {type(error).__name__}: {error}")


def _client(folder: Path, server: str) -> Any:
    """A client of the server, once that answers with its database behind it."""
    (folder / "rucio.cfg").write_text("[client]\n")
    os.environ["RUCIO_CONFIG"] = str(folder / "rucio.cfg")
    os.environ["RUCIO_CLIENT_MODE"] = "1"
    from requests.exceptions import SSLError  # noqa: PLC0415 - only in the image
    from rucio.client import Client  # noqa: PLC0415 - after the configuration
    from rucio.common.exception import CannotAuthenticate  # noqa: PLC0415 - after the configuration

    authorities = _SECRETS / "ca" / "ca.pem"
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            client = Client(
                rucio_host=server,
                auth_host=server,
                account=_secret("username"),
                auth_type="userpass",
                creds={"username": _secret("username"), "password": _secret("password")},
                ca_cert=str(authorities) if authorities.exists() else None,
            )
            # The server's `ping` answers without its database too.
            client.whoami()
        except CannotAuthenticate:
            sys.exit(f"the server {server} does not accept the password of {_secret('username')}")
        except SSLError as error:
            sys.exit(f"the certificate of {server} is not one of the authorities in rucio-ca: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it may be over soon
            if time.monotonic() > ends:
                sys.exit(f"the server {server} does not answer: {type(error).__name__}: {error}")
            time.sleep(2)
        else:
            return client


def _secret(key: str) -> str:
    return (_SECRETS / "root" / key).read_text()


def _changes(client: Any, settings: Mapping[str, Any]) -> Iterator[str]:
    yield from _accounts(client, settings["accounts"])
    yield from _scopes(client, settings["scopes"])
    yield from _storages(client, settings["rses"])
    yield from _distances(client, settings["distances"])
    yield from _limits(client, settings["limits"])


def _accounts(client: Any, declared: Mapping[str, Any]) -> Iterator[str]:
    known = {each["account"]: each for each in client.list_accounts()}
    for name, account in declared.items():
        yield from _trying(f"account {name}", _account(client, name, account, known.get(name)))
    yield from _drift("account", known.keys() - declared.keys() - {_secret("username")})


def _account(client: Any, name: str, account: Mapping[str, Any], known: Any) -> Iterator[str]:
    if known is None:
        client.add_account(name, account["type"], account["email"])
        yield f"account {name}: added"
    elif known.get("email") != account["email"]:
        client.update_account(name, "email", account["email"])
        yield f"account {name}: email changed"
    there = {(each["type"].upper(), each["identity"]) for each in client.list_identities(name)}
    for identity in account["identities"]:
        if (identity["type"], identity["identity"]) not in there:
            client.add_identity(name, identity["identity"], identity["type"], account["email"], default=True)
            yield f"account {name}: identity {identity['identity']} added"
    attributes = {each["key"]: each["value"] for one in client.list_account_attributes(name) for each in one}
    for key, value in account["attributes"].items():
        if not _same(attributes.get(key), value):
            if key in attributes:
                client.delete_account_attribute(name, key)
            client.add_account_attribute(name, key, value)
            yield f"account {name}: attribute {key} set"


def _scopes(client: Any, declared: Mapping[str, str]) -> Iterator[str]:
    owners = {each["scope"]: each["account"] for each in client.list_scope_owners()}
    for scope, account in declared.items():
        yield from _trying(f"scope {scope}", _scope(client, scope, account, owners.get(scope)))
    yield from _drift("scope", owners.keys() - declared.keys())


def _scope(client: Any, scope: str, account: str, owner: Any) -> Iterator[str]:
    if owner is None:
        client.add_scope(account, scope)
        yield f"scope {scope}: added for {account}"
    elif owner != account:
        client.update_scope(account, scope)
        yield f"scope {scope}: given to {account}"


def _storages(client: Any, declared: Mapping[str, Any]) -> Iterator[str]:
    known = {each["rse"] for each in client.list_rses()}
    for name, rse in declared.items():
        yield from _trying(f"storage {name}", _storage(client, name, rse, there=name in known))
    yield from _drift("storage", known - declared.keys())


def _storage(client: Any, name: str, rse: Mapping[str, Any], *, there: bool) -> Iterator[str]:
    plain = {key: rse[key] for key in _PLAIN}
    if not there:
        _add_storage(client, name, plain)
        yield f"storage {name}: added"
    else:
        found = client.get_rse(name)
        if changed := {key: value for key, value in plain.items() if found[key] != value}:
            client.update_rse(name, changed)
            yield f"storage {name}: {', '.join(changed)} changed"
    yield from _protocols(client, name, rse["protocols"])
    yield from _attributes(client, name, rse["attributes"])
    limits = client.get_rse_limits(name)
    for key, value in rse["limits"].items():
        if limits.get(key) != value:
            client.set_rse_limits(name, key, value)
            yield f"storage {name}: limit {key} set"


def _add_storage(client: Any, name: str, plain: Mapping[str, Any]) -> None:
    from rucio.common.exception import Duplicate  # noqa: PLC0415 - after the configuration

    try:
        client.add_rse(name, rse_type="DISK", **plain)
    except Duplicate:
        what = "it was deleted, and Rucio keeps the names of deleted storages; declare it by another name"
        raise Duplicate(what) from None


def _protocols(client: Any, name: str, declared: list[dict[str, Any]]) -> Iterator[str]:
    """Each protocol by scheme, host and port, which cannot change."""
    from rucio.common.exception import RSEProtocolNotSupported  # noqa: PLC0415 - after the configuration

    try:
        there = {_address(each): each for each in client.get_protocols(name)}
    except RSEProtocolNotSupported:  # the storage has none
        there = {}
    for protocol in declared:
        address = _address(protocol)
        if address not in there:
            client.add_protocol(name, protocol)
            yield f"storage {name}: protocol {protocol['scheme']} at {protocol['hostname']}:{protocol['port']} added"
            continue
        found = there[address]
        wanted = {
            key: protocol[key]
            for key in ("prefix", "impl", "domains")
            if not _covers(found[key], protocol[key])
        }
        if wanted:
            scheme, host, port = address
            client.update_protocols(name, scheme, wanted, hostname=host, port=port)
            yield f"storage {name}: {', '.join(wanted)} of protocol {scheme} at {host}:{port} changed"
    declared_ones = {_address(each) for each in declared}
    yield from _drift(
        f"protocol of {name}",
        (f"{scheme}://{host}:{port}" for scheme, host, port in there.keys() - declared_ones),
    )


def _address(protocol: Mapping[str, Any]) -> tuple[str, str, int]:
    return protocol["scheme"], protocol["hostname"], int(protocol["port"])


def _covers(found: Any, wanted: Any) -> bool:
    """True if a value has all that is declared: the server adds keys with defaults of its own."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            _covers(found.get(key), value) for key, value in wanted.items()
        )
    return bool(found == wanted)


def _attributes(client: Any, name: str, declared: Mapping[str, str]) -> Iterator[str]:
    there = client.list_rse_attributes(name)
    for key, value in declared.items():
        if not _same(there.get(key), value):
            if key in there:
                client.delete_rse_attribute(name, key)
            client.add_rse_attribute(name, key, value)
            yield f"storage {name}: attribute {key} set"
    yield from _drift(f"attribute of {name}", there.keys() - declared.keys() - {name})


def _same(found: Any, text: str) -> bool:
    """True if an attribute has this text, which the server may have turned into a number or a boolean."""
    return str(found).lower() == text.lower()


def _distances(client: Any, declared: list[dict[str, Any]]) -> Iterator[str]:
    for each in declared:
        what = f"distance from {each['from']} to {each['to']}"
        yield from _trying(what, _distance(client, what, each))


def _distance(client: Any, what: str, declared: Mapping[str, Any]) -> Iterator[str]:
    source, destination, distance = declared["from"], declared["to"], {"distance": declared["distance"]}
    there = client.get_distance(source, destination)
    if not there:
        client.add_distance(source, destination, distance)
        yield f"{what}: added"
    elif there[0]["distance"] != declared["distance"]:
        client.update_distance(source, destination, distance)
        yield f"{what}: changed"


def _limits(client: Any, declared: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for account, limits in declared.items():
        yield from _trying(f"limits of {account}", _limits_of(client, account, limits))


def _limits_of(client: Any, account: str, limits: Mapping[str, int]) -> Iterator[str]:
    there = client.get_local_account_limits(account)
    for rse, limit in limits.items():
        if there.get(rse) != limit:
            yield from _trying(f"limit of {account} at {rse}", _limit(client, account, rse, limit))
    yield from _drift(
        f"limit of {account} at", (name for name, limit in there.items() if name not in limits and limit)
    )


def _limit(client: Any, account: str, rse: str, limit: int) -> Iterator[str]:
    client.set_local_account_limit(account, rse, limit)
    yield f"limit of {account} at {rse}: set"


def _drift(kind: str, names: Any) -> Iterator[str]:
    return (f"drift: {kind} {name} is not declared" for name in sorted(names))


if __name__ == "__main__":
    main()
