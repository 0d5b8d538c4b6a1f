"""A changed Secret replaces the pods that read it only at start, and no others (T26)."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.secrets.build import build
from panda_infra.secrets.rolling import ANNOTATION, pod_annotations
from tests.unit.secrets.stacks import FULL, MINIMAL, config


def hashes(stack: StackConfig) -> dict[str, str]:
    annotations = pod_annotations(stack, build(stack), stack.secrets.hash_key)
    return {f"{component}/{sub}": values[ANNOTATION] for (component, sub), values in annotations.items()}


def rolled(base: dict[str, Any], /, **sections: Any) -> set[str]:
    before, after = hashes(config(base)), hashes(config(base, **sections))
    assert before.keys() == after.keys()
    return {pod for pod in before if before[pod] != after[pod]}


def test_every_sub_component_that_reads_secrets_has_a_hash() -> None:
    assert len(hashes(config(MINIMAL))) == 14
    assert all(len(value) == 32 for value in hashes(config(MINIMAL)).values())


def test_the_same_stack_has_the_same_hashes() -> None:
    assert rolled(MINIMAL) == set()


@pytest.mark.parametrize(
    ("secrets", "pods"),
    [
        ({"ui": {"secretKey": "new"}}, {"ui/backend"}),
        ({"bigmon": {"secretKey": "new"}}, {"bigmon/main"}),
        (
            {"harvester": {"databasePassword": "new"}},
            {"harvester/harvester", "harvester/mariadb"},
        ),
        ({"idds": {"databasePassword": "new"}}, {"idds/rest", "idds/postgres", "bigmon/main"}),
        ({"iam": {"keystore": "{}"}}, {"iam/main"}),
    ],
)
def test_a_new_value_rolls_its_readers(secrets: dict[str, Any], pods: set[str]) -> None:
    assert rolled(MINIMAL, secrets=secrets) == pods


def test_what_is_re_read_rolls_nothing() -> None:
    assert rolled(FULL, secrets={"files": {"harvesterAuth": {"panda_token_key": "new"}}}) == set()


def files(owner: str, **content: str) -> dict[str, Any]:
    return {"files": {owner: {name.replace("_", "."): text for name, text in content.items()}}}


def test_a_renewed_proxy_rolls_nobody_and_another_file_beside_the_certificate_its_readers() -> None:
    with_proxy = {**FULL, "secrets": {**FULL["secrets"], **files("panda", robot_proxy="old")}}
    assert rolled(with_proxy, secrets=files("panda", robot_proxy="new")) == set()
    with_other = {**FULL, "secrets": {**FULL["secrets"], **files("panda", robot_pem="old")}}
    assert rolled(with_other, secrets=files("panda", robot_pem="new")) == {"panda/server", "panda/jedi"}


@pytest.mark.parametrize(
    ("experiment", "file", "pods"),
    [
        ("sphenix", "usercert.pem", {"harvester/harvester"}),
        ("doma", "pilot_userkey.pem", {"harvester/harvester"}),
        ("atlas-testbed", "atlpilo1RFC.plain", {"harvester/harvester"}),
        ("doma", "panda_token_key", set()),
        ("lsst", "pilot_usercert.pem", set()),
    ],
)
def test_what_harvester_copies_at_its_start_rolls_it(experiment: str, file: str, pods: set[str]) -> None:
    old, new = ({"files": {"harvesterAuth": {file: text}}} for text in ("old", "new"))
    base = {**MINIMAL, "experiment": experiment, "secrets": {**MINIMAL["secrets"], **old}}
    assert rolled(base, secrets=new) == pods


def test_the_hash_depends_on_the_key() -> None:
    assert len(rolled(MINIMAL, secrets={"hashKey": "other"})) == 14


def test_without_a_key_there_is_no_hash() -> None:
    stack = config({**MINIMAL, "secrets": {}})
    with pytest.raises(PandaInfraError, match=r"secrets\.hashKey"):
        pod_annotations(stack, build(stack), stack.secrets.hash_key)


def test_somebody_elses_secret_is_not_hashed() -> None:
    adopted = {"bigmon": {"settings": {"existingSecrets": ["bigmon-envs", "bigmon-certs"]}}}
    assert "bigmon/main" not in hashes(config(components=adopted))


def test_pods_that_ran_before_the_stack_are_replaced_only_when_their_secrets_change() -> None:
    found = hashes(config(MINIMAL))
    ui = {"adopted": {"secrets": {"backend": found["ui/backend"]}}}
    taken_over = {**MINIMAL, "components": {**MINIMAL["components"], "ui": ui}}
    assert set(found) - set(hashes(config(taken_over))) == {"ui/backend"}
    rotated = config(taken_over, secrets={"ui": {"secretKey": "new"}})
    assert hashes(rotated)["ui/backend"] != found["ui/backend"]
