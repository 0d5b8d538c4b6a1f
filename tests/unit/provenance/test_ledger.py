"""Records are numbered and name each other; whatever somebody does to them is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from panda_infra.clients.registry.artifacts import TakenError
from panda_infra.provenance.ledger import Ledger
from panda_infra.provenance.record import artifact, attestation, attestation_tag, envelope
from tests.support.oci_registry import OciRegistry, oci_registry
from tests.support.signing import new_key

_KEY = new_key()


@pytest.fixture
def registry() -> Iterator[OciRegistry]:
    with oci_registry() as registry:
        yield registry


def ledger(registry: OciRegistry, stack: str = "prod") -> Ledger:
    return Ledger(registry.repository, stack, [_KEY.public_key()])


def filled(registry: OciRegistry, count: int = 3) -> Ledger:
    made = ledger(registry)
    for number in range(count):
        made.append({"stack": "prod", "state": f"state {number}"}, _KEY)
    return made


def flaws(made: Ledger) -> dict[int, str]:
    return {each.number: each.flaw for each in made.entries() if each.flaw}


def replace(registry: OciRegistry, tag: str, body: dict[str, Any], key: Any = None) -> None:
    """What somebody with the registry's password can do, by the stack's own key or by none."""
    made = artifact(body)
    registry.manifests[tag] = made.manifest
    if key:
        statement = attestation(envelope(body, key))
        registry.manifests[attestation_tag(made.digest)] = statement.manifest
        for blob in statement.blobs:
            registry.repository.upload(blob)


def test_each_record_names_the_one_before(registry: OciRegistry) -> None:
    found = filled(registry).entries()
    assert [each.flaw for each in found] == ["", "", ""]
    assert [each.body and each.body["previous"] for each in found] == [
        None,
        found[0].digest,
        found[1].digest,
    ]
    assert [each.body and each.body["number"] for each in found] == [1, 2, 3]


def test_stacks_share_a_repository(registry: OciRegistry) -> None:
    filled(registry)
    ledger(registry, "prod.1").append({"stack": "prod.1"}, _KEY)
    assert [len(ledger(registry, stack).entries()) for stack in ("prod", "prod.1", "pro")] == [3, 1, 0]


def test_a_record_that_is_taken_away_is_found(registry: OciRegistry) -> None:
    made = filled(registry)
    del registry.manifests["prod.2"]
    assert flaws(made)[2] == "is missing"
    assert "which is missing" in flaws(made)[3]


def test_a_record_that_nobody_signed_is_found(registry: OciRegistry) -> None:
    made = filled(registry)
    replace(registry, "prod.3", {"stack": "prod", "number": 3, "previous": None})
    assert flaws(made) == {3: "has no signed statement"}


def test_a_record_that_somebody_else_signed_is_found(registry: OciRegistry) -> None:
    made = filled(registry)
    replace(registry, "prod.3", {"stack": "prod", "number": 3, "previous": None}, new_key())
    assert flaws(made) == {3: "is not signed by a key of `provenance.publicKey`"}


def test_an_overwritten_tag_is_found_even_with_a_valid_signature(registry: OciRegistry) -> None:
    made = filled(registry)
    registry.manifests["prod.2"] = registry.manifests["prod.1"]
    assert flaws(made)[2] == "is record 1 of stack prod"
    replace(registry, "prod.2", {"stack": "prod", "number": 2, "previous": None}, _KEY)
    assert flaws(made).keys() == {2, 3}


def test_a_changed_statement_is_found(registry: OciRegistry) -> None:
    made = filled(registry, 1)
    (digest,) = (each.digest for each in made.entries())
    tag = attestation_tag(digest)
    named = json.loads(registry.manifests[tag])["layers"][0]["digest"]
    signed = json.loads(registry.blobs[named])
    changed = json.dumps(signed | {"payload": signed["payload"].replace("A", "B", 1)}).encode()
    statement = attestation(changed)
    registry.manifests[tag] = statement.manifest
    for blob in statement.blobs:
        registry.repository.upload(blob)
    assert flaws(made) == {1: "is not signed by a key of `provenance.publicKey`"}
    registry.blobs.pop(json.loads(statement.manifest)["layers"][0]["digest"])
    assert flaws(made) == {1: "has no signed statement"}
    registry.manifests[tag] = b"no JSON"
    assert flaws(made) == {1: "has no signed statement"}


def test_statements_of_others_about_a_record_do_no_harm(registry: OciRegistry) -> None:
    made = filled(registry, 1)
    tag = attestation_tag(made.entries()[0].digest)
    manifest = json.loads(registry.manifests[tag])
    foreign = attestation(envelope({"stack": "prod", "number": 1}, new_key()))
    for blob in foreign.blobs:
        registry.repository.upload(blob)
    manifest["layers"] = json.loads(foreign.manifest)["layers"] + manifest["layers"]
    registry.manifests[tag] = json.dumps(manifest).encode()
    assert flaws(made) == {}


def test_a_record_that_came_meanwhile_stays(registry: OciRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    made = filled(registry, 1)
    there = registry.manifests["prod.1"]
    monkeypatch.setattr(Ledger, "numbers", lambda _: [])
    with pytest.raises(TakenError):
        made.append({"stack": "prod", "state": "later"}, _KEY)
    assert registry.manifests["prod.1"] == there
