"""Values of a vault by its documented API: log-ins, what is there, what is not, and nothing secret in an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from panda_infra.clients.vault import vault_of
from panda_infra.config.vault import Reference
from tests.support.vault import FakeVault, running

_PLACE = "secret/panda/doma"
_VALUE = "canary-of-the-value"


@pytest.fixture
def vault() -> Iterator[FakeVault]:
    with running() as made:
        made.put(_PLACE, database="an older one")
        made.put(_PLACE, database=_VALUE, broker="another", number=7, empty="")
        yield made


def reference(key: str = "database", place: str = _PLACE) -> Reference:
    mount, _, path = place.partition("/")
    return Reference(mount, path, key)


def asked(environment: Mapping[str, str], *wanted: Reference) -> dict[Reference, str]:
    """The answers, errors as their texts."""
    return {each: str(answer) for each, answer in vault_of(environment)(wanted).items()}


def test_the_newest_version_is_read_and_every_path_once(vault: FakeVault) -> None:
    database, broker = reference(), reference("broker")
    assert asked(vault.environment, database, broker) == {database: _VALUE, broker: "another"}
    assert vault.asked == ["GET secret/data/panda/doma"]


@pytest.mark.parametrize("mount", ["jwt", "kubernetes"])
def test_a_role_logs_in_by_a_jwt(vault: FakeVault, tmp_path: Path, mount: str) -> None:
    vault.roles[mount, "deployer", "canary-of-the-jwt"] = "canary-of-a-lease"
    (file := tmp_path / "jwt").write_text("canary-of-the-jwt\n")
    given = {"VAULT_ADDR": f"{vault.address}/", "VAULT_ROLE": "deployer", "VAULT_AUTH_MOUNT": mount}
    for jwt in ({"VAULT_JWT": "canary-of-the-jwt"}, {"VAULT_JWT_FILE": str(file)}):
        assert asked(given | jwt, reference()) == {reference(): _VALUE}
    (refused,) = asked(given | {"VAULT_JWT": "canary-of-another"}, reference()).values()
    assert refused == f"the vault does not show: it refuses the role deployer at auth/{mount} (HTTP 400)"


def test_a_namespace_is_named(vault: FakeVault) -> None:
    vault.namespace = "cta/dpps"
    (without,) = asked(vault.environment, reference()).values()
    assert without == "the vault does not have"
    named = {**vault.environment, "VAULT_NAMESPACE": "cta/dpps"}
    assert asked(named, reference()) == {reference(): _VALUE}


def test_each_value_that_cannot_be_had_has_its_own_reason(vault: FakeVault) -> None:
    vault.hidden.add("secret/panda/other")
    for place, destroy in (("secret/panda/deleted", False), ("secret/panda/destroyed", True)):
        vault.put(place, key="canary")
        vault.delete(place, destroy=destroy)
    wanted = {
        reference("password"): "the vault has only with other keys: broker, database, empty, number",
        reference("number"): "is empty there, or no text",
        reference("empty"): "is empty there, or no text",
        reference("key", "secret/panda/other"): "the vault refuses to show, or to this namespace",
        reference("key", "secret/panda/deleted"): "the vault has no more: version 1 is deleted",
        reference("key", "secret/panda/destroyed"): "the vault has no more: version 1 is destroyed",
        reference("key", "secret/panda/nowhere"): "the vault does not have",
        reference("key", "kv/panda"): "the vault does not have",
        reference(): _VALUE,
    }
    found = asked(vault.environment, *wanted)
    assert found == wanted
    assert not any("canary" in text for each, text in found.items() if each != reference())


def test_an_answer_of_another_engine_is_an_error(vault: FakeVault) -> None:
    vault.put("secret/x", key="canary")
    vault.secrets["secret/x"][-1].data = None  # type: ignore[assignment]
    (found,) = asked(vault.environment, reference("key", "secret/x")).values()
    assert found == "the vault does not answer as version 2 of a KV engine does"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "cannot be read: VAULT_ADDR names no vault"),
        ({"VAULT_ADDR": "http://127.0.0.1:1"}, "there is neither VAULT_TOKEN nor VAULT_ROLE"),
        ({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "canary"}, "does not answer (ConnectionError)"),
        ({"VAULT_ADDR": "not an address", "VAULT_TOKEN": "canary"}, "does not answer (InvalidURL)"),
        (
            {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_ROLE": "r", "VAULT_JWT_FILE": "/nowhere/jwt"},
            "/nowhere/jwt cannot be read (No such file or directory)",
        ),
        (
            {"VAULT_ADDR": "https://127.0.0.1:1", "VAULT_TOKEN": "canary", "VAULT_CACERT": "/nowhere/ca"},
            "does not answer (OSError)",
        ),
    ],
)
def test_without_a_vault_every_reference_has_the_reason(environment: dict[str, str], words: str) -> None:
    found = asked(environment, reference(), reference("broker"))
    assert len(found) == 2
    for text in found.values():
        assert words in text
        assert "canary" not in text


def test_nobody_is_asked_without_a_reference() -> None:
    assert vault_of({})(()) == {}
