from __future__ import annotations

import json
from dataclasses import replace

import pytest

from panda_infra.review.seal import Seal, SealError, hash_of, state_version

SEAL = Seal("doma", deployment="d", state="s", plan="p")


def test_a_seal_survives_its_file() -> None:
    assert Seal.from_json(SEAL.to_json()) == SEAL


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"stack": "doma", "more": 1}'])
def test_what_is_no_seal_is_refused(text: str) -> None:
    with pytest.raises(SealError, match="preview the stack again"):
        Seal.from_json(text)


def test_an_unbroken_seal_has_nothing_to_tell() -> None:
    assert SEAL.broken_by(SEAL) == ()


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({"stack": "lsst"}, "the review was of stack doma"),
        ({"plan": "x"}, "the plan is not the one that was reviewed"),
        ({"deployment": "x"}, "this commit deploys something else than the reviewed one"),
        ({"state": "x"}, "the stack was deployed since the review"),
    ],
)
def test_each_way_of_breaking_it_is_reported(change: dict[str, str], reported: str) -> None:
    assert SEAL.broken_by(replace(SEAL, **change)) == (reported,)


def exported(*resources: dict[str, str]) -> str:
    return json.dumps({"deployment": {"manifest": {"time": "now"}, "resources": list(resources)}})


def test_the_state_has_a_version_that_ciphertexts_do_not_change() -> None:
    made = {"urn": "u", "id": "1", "modified": "2026-01-01", "inputs": "ciphertext-1"}
    version = state_version(exported(made))
    assert version == state_version(exported({**made, "inputs": "ciphertext-2"}))
    assert version != state_version(exported({**made, "modified": "2026-01-02"}))
    assert version != state_version(exported())
    assert state_version(exported()) == state_version('{"deployment": null}')


def test_hashes_are_of_the_content() -> None:
    assert hash_of(b"a") != hash_of(b"b")
