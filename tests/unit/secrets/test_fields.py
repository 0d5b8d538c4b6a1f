"""Which secrets a stack needs, and how they are reported and made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from panda_infra.config.secrets import Secrets
from panda_infra.errors import PandaInfraError
from panda_infra.products.content import reveal
from panda_infra.products.panda.components.ui import UiSecrets
from panda_infra.products.product import Product
from panda_infra.products.registry import BUILDERS, COMPONENTS, PRODUCTS
from panda_infra.secrets.fields import fields, missing, missing_problems, required, value_of
from panda_infra.secrets.generate import generate, stand_ins
from tests.unit.secrets.stacks import FULL, MINIMAL, ORACLE, config


def needs(base: dict[str, Any], /, **sections: Any) -> set[str]:
    return {field.key for field in required(config(base, **sections))}


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for name, info in model.model_fields.items():
        here = (*path, info.alias or name)
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= leaves(inner, here)
        elif "dict" not in str(inner):
            found.add(here)
    return found


def _for_tests(product: Product) -> str:
    return next(name for name, experiment in product.experiments.items() if experiment.on_test_bed)


def test_the_table_has_every_value_of_the_model_and_no_other() -> None:
    stacks = [
        config({**MINIMAL, "components": {}, "experiment": _for_tests(product)})
        for product in PRODUCTS.values()
    ]
    of_each = [{field.path for field in fields(stack)} for stack in stacks]
    assert set().union(*of_each) == leaves(Secrets)
    assert set.intersection(*of_each) >= {("hashKey",), ("kubeconfig",)}


def test_every_suffix_and_reader_of_the_table_exists() -> None:
    readers = {f"{name}/{sub.name}" for name, spec in COMPONENTS.items() for sub in spec.sub_components}
    for field in fields(config(FULL)):
        assert set(field.secrets) <= set(BUILDERS), field.key
        assert set(field.limits) <= readers, field.key


@pytest.mark.parametrize(
    ("components", "wanted"),
    [
        ({}, {"hashKey"}),
        ({"msgsvc": {}}, {"hashKey", "msgsvc.basePassword"}),
        ({"iam-db": {}}, {"hashKey", "iam.databasePassword", "iam.databaseRootPassword"}),
        (
            {"iam": {}},
            {"hashKey", "iam.databasePassword", "iam.superuserPassword", "iam.keystore"},
        ),
        (
            {"panda": {}},
            {"hashKey", "msgsvc.basePassword", "panda.databasePassword", "auth.idToken"}
            | {"certificates.panda.certificate", "certificates.panda.key"},
        ),
    ],
)
def test_a_stack_needs_what_its_components_read(components: dict[str, Any], wanted: set[str]) -> None:
    assert needs({**MINIMAL, "components": components, "secrets": {}}) == wanted


def test_an_exposed_host_needs_a_certificate() -> None:
    stack = {**MINIMAL, "components": {"idds": {}}}
    assert "certificates.idds.key" not in needs(stack)
    assert "certificates.idds.key" in needs(stack, hosts={"idds": "idds.site.org"})


def test_a_server_that_could_not_read_its_own_key_needs_a_certificate() -> None:
    stack = {**MINIMAL, "components": {"panda": {}}}
    assert "certificates.panda.key" in needs(stack)
    rootless = {"kind": "existing", "kubeconfig": "kubeconfig.yaml", "noRoot": True}
    assert "certificates.panda.key" not in needs(stack, cluster=rootless)


def test_what_somebody_else_provides_is_not_needed() -> None:
    adopted = {"panda": {"settings": {"existingSecrets": ["panda-envs"]}}}
    assert "panda.databasePassword" not in needs({**MINIMAL, "components": adopted})


def test_clients_providers_and_files_are_fields_of_their_own() -> None:
    assert {
        "bigmon.providerSecrets.CERNOIDC",
        "auth.internalClientSecret",
        'files.harvesterAuth["token_harvester-doma_pilot.json"]',
    } <= needs(FULL)
    assert 'files.panda["rucio.proxy"]' in needs(ORACLE)
    assert "bigmon.databasePassword" in needs(ORACLE)
    assert "auth.idToken" in needs(ORACLE)


def test_a_missing_value_comes_with_its_command() -> None:
    reported = {
        problem.where: problem
        for problem in missing_problems(config({**MINIMAL, "secrets": {}}), stack="lsst")
    }
    fix = reported["secrets.panda.databasePassword"].fix
    assert fix == "Run `python -m panda_infra secrets set lsst 'panda.databasePassword'`."


def test_an_empty_value_is_missing() -> None:
    assert "ui.secretKey" in {field.key for field in missing(config(secrets={"ui": {"secretKey": ""}}))}


def test_value_of_finds_values_by_their_path() -> None:
    secrets = config(FULL).secrets
    found = value_of(secrets, ("bigmon", "providerSecrets", "Google"))
    assert isinstance(found, SecretStr)
    assert found.get_secret_value() == "google-secret"
    assert value_of(secrets, ("bigmon", "providerSecrets", "none")) is None


def test_a_field_tells_where_its_value_goes() -> None:
    stack = config(MINIMAL)
    field = next(field for field in fields(stack) if field.key == "idds.databasePassword")
    reported = {
        suffix: [str(reader) for reader in readers] for suffix, readers in field.reaches(stack).items()
    }
    assert reported == {
        "idds-envs": ["idds/rest"],
        "idds-db-envs": ["idds/rest", "idds/postgres"],
        "bigmon-envs": ["bigmon/main"],
    }


def test_bigmons_own_password_replaces_pandas() -> None:
    field = next(field for field in fields(config(ORACLE)) if field.key == "panda.databasePassword")
    assert set(field.reaches(config(ORACLE))) == {"panda-envs"}


def test_generated_values_differ_and_hold_only_letters_and_digits() -> None:
    field = next(field for field in fields(config(MINIMAL)) if field.key == "panda.databasePassword")
    made = {generate(field) for _ in range(20)}
    assert len(made) == 20
    assert all(len(value) == 32 and value.isalnum() and value.isascii() for value in made)


def test_nobody_generates_what_only_the_site_knows() -> None:
    field = next(field for field in fields(config(FULL)) if field.key == "rucio.password")
    with pytest.raises(PandaInfraError, match=r"rucio\.password"):
        generate(field)


def test_stand_ins_fill_what_is_missing_and_keep_what_is_set() -> None:
    given = {"ui": {"secretKey": "mine"}}
    stack = config({**FULL, "secrets": given})
    filled = stand_ins(stack)
    assert reveal(filled.of(UiSecrets).secret_key) == "mine"
    assert missing(stack.model_copy(update={"secrets": filled})) == []
    assert "mine" not in repr(filled)
    assert "mine" not in json.dumps(filled.model_dump(mode="json"))


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_a_stand_in_is_a_value_that_its_readers_take(product: Product) -> None:
    stack = config({**MINIMAL, "components": {}, "experiment": _for_tests(product)})
    for field in fields(stack):
        assert field.flaw((field.make or field.stand_in)()) is None, field.key
