"""References to a vault below `secrets`: plain in a file, values only for who deploys, everything wrong at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from panda_infra.config.load import from_file, from_pulumi
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.config.vault import Reference, Vault, references
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.products.content import reveal
from panda_infra.products.panda.components.panda.models import PandaSecrets
from panda_infra.rules.judge import judge_given
from panda_infra.secrets.fields import missing, value_of
from tests.support.stacks import sections

_REFERENCE = "vault:secret/panda/doma#databasePassword"
_BROKER = "vault:kv/broker#base"


class Answers(Vault):
    """Has some values; others are refused."""

    def __init__(self, **values: str) -> None:
        self.values, self.asked = values, 0

    def __call__(self, wanted: Collection[Reference]) -> Mapping[Reference, str | PandaInfraError]:
        self.asked += 1
        refused = PandaInfraError("the vault does not have")
        return {each: self.values.get(each.key, refused) for each in wanted}


def engine(secrets: dict[str, Any]) -> dict[str, str]:
    """The sections as the engine passes them."""
    given = sections(secrets=secrets)
    return {
        f"panda-infra:{name}": each if isinstance(each, str) else json.dumps(each)
        for name, each in given.items()
    }


def written(folder: Path, secrets: dict[str, Any]) -> Path:
    """A stack file."""
    document = {"config": {f"panda-infra:{name}": each for name, each in sections(secrets=secrets).items()}}
    (file := folder / "Pulumi.demo.yaml").write_text(yaml.safe_dump(document))
    return file


def test_the_engines_references_get_their_values_and_the_rest_stays() -> None:
    secrets = {"panda": {"databasePassword": _REFERENCE}, "msgsvc": {"basePassword": "of-the-file"}}
    loaded = from_pulumi(
        "demo", engine(secrets), ["panda-infra:secrets"], vault=Answers(databasePassword="of-the-vault")
    )
    assert reveal(loaded.config.secrets.of(PandaSecrets).database_password) == "of-the-vault"
    assert reveal(value_of(loaded.config.secrets, ("msgsvc", "basePassword"))) == "of-the-file"
    path = ("secrets", "panda", "databasePassword")
    assert loaded.references == {path: Reference("secret", "panda/doma", "databasePassword")}


def test_references_alone_need_no_encryption_but_a_value_beside_them_does() -> None:
    only = {"panda": {"databasePassword": _REFERENCE}}
    assert from_pulumi("demo", engine(only), (), vault=Answers(databasePassword="x" * 12)).references
    both = {**only, "msgsvc": {"basePassword": "in-plain-text"}}
    with pytest.raises(StackError, match="is stored in plain text") as raised:
        from_pulumi("demo", engine(both), (), vault=Answers(databasePassword="x" * 12))
    assert "in-plain-text" not in str(raised.value)


def test_in_a_file_they_are_set_and_nobody_is_asked(tmp_path: Path) -> None:
    loaded = from_file(written(tmp_path, {"panda": {"databasePassword": _REFERENCE}}))
    assert reveal(loaded.config.secrets.of(PandaSecrets).database_password) == ENCRYPTED
    assert ("secrets", "panda", "databasePassword") in loaded.encrypted & loaded.references.keys()
    assert "panda.databasePassword" not in {field.key for field in missing(loaded.config)}


def test_every_reference_without_a_value_is_named_at_once() -> None:
    secrets = {"panda": {"databasePassword": _REFERENCE}, "msgsvc": {"basePassword": _BROKER}}
    with pytest.raises(StackError) as raised:
        from_pulumi("demo", engine(secrets), ["panda-infra:secrets"], rules=judge_given, vault=Answers())
    found = {problem.where: problem.what for problem in raised.value.problems}
    assert found["secrets.panda.databasePassword"] == f"refers to {_REFERENCE}, which the vault does not have"
    assert found["secrets.msgsvc.basePassword"] == f"refers to {_BROKER}, which the vault does not have"


def test_values_of_a_vault_are_judged_as_those_of_a_file() -> None:
    secrets = {"panda": {"databasePassword": _REFERENCE}}
    vault = Answers(databasePassword="canary {{ template }}")
    with pytest.raises(StackError) as raised:
        from_pulumi("demo", engine(secrets), ["panda-infra:secrets"], rules=judge_given, vault=vault)
    (what,) = (each.what for each in raised.value.problems if each.where == "secrets.panda.databasePassword")
    assert "is a template that nothing fills in" in what
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "vault:",
        "vault:secret",
        "vault:secret/panda",
        "vault:secret#key",
        "vault:secret/panda#",
        "vault:secret//panda#key",
        "vault:secret/../sys#key",
        "vault:secret/panda?version=1#key",
        "vault: secret/panda#key",
    ],
)
def test_misspelt_references_are_refused_in_file_and_engine(tmp_path: Path, text: str) -> None:
    secrets = {"panda": {"databasePassword": text}}
    vault = Answers()
    with pytest.raises(StackError) as of_file:
        from_file(written(tmp_path, secrets))
    with pytest.raises(StackError) as of_engine:
        from_pulumi("demo", engine(secrets), (), vault=vault)
    for raised in (of_file, of_engine):
        (problem,) = raised.value.problems
        assert problem.where == "secrets.panda.databasePassword"
        assert problem.what == "must name mount, path and key of a secret in a vault"
        assert "vault:secret/panda/doma#databasePassword" in problem.fix
    assert vault.asked == 0


def test_a_reference_is_no_mapping() -> None:
    with pytest.raises(StackError, match=r"secrets\.panda: "):
        from_pulumi("demo", engine({"panda": _REFERENCE}), (), vault=Answers(databasePassword="canary"))


def test_all_references_are_found_by_their_paths() -> None:
    assert references({"a": {"b": _BROKER, "c": "vault"}, "d": 1}) == {
        ("secrets", "a", "b"): Reference("kv", "broker", "base")
    }
    assert references(None) == {}
