"""The published schema is current and agrees with the loader."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from referencing import Registry

from panda_infra.config import schema
from panda_infra.config.load import TEXT_OR_MAPPING, TEXT_SECTIONS
from panda_infra.config.model_keys import attributes, descriptions
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE
from tests.support import fast_yaml
from tests.support.stack_files import SAMPLES
from tests.support.stacks import sections

_ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_the_schema_in_docs_is_current(name: str) -> None:
    text = (schema.FOLDER / name).read_text(encoding="utf-8")
    assert text == schema.text(name), "run: python -m panda_infra.config.schema"


def test_editors_accept_what_the_loader_accepts() -> None:
    for stack in SAMPLES.stacks:
        assert reported("stack.schema.json", SAMPLES.file(stack)) == [], stack
    for path in SAMPLES.folder.glob("sites/*.yaml"):
        assert reported("site.schema.json", path) == [], path.name


@pytest.mark.parametrize(
    ("site", "section", "good"),
    [
        (None, {"cluster": {"kind": "magnum"}}, False),
        ("cern", {"cluster": {"name": "panda"}}, True),
        ("cern", {"placement": {"evictAfter": None}}, True),
        ("cern", {"components": {"iam": None}}, True),
        ("cern", {"placement": {"evictAftr": 30}}, False),
        ("cern", {"placement": None}, False),
    ],
)
def test_a_stack_may_leave_to_its_site_what_it_would_else_have_to_say(
    site: str | None, section: dict[str, Any], good: bool
) -> None:
    said = sections() | section if site is None else {"experiment": "doma", "site": site} | section
    config = {f"panda-infra:{name}": value for name, value in said.items()}
    assert (errors("stack.schema.json", {"config": config}) == []) is good


@pytest.mark.parametrize("section", ["secrets", "site", "panda-infra:storage", "storrage"])
def test_a_site_holds_sections_without_secrets(section: str) -> None:
    assert errors("site.schema.json", {section: {}})


def reported(name: str, path: Path) -> list[str]:
    return errors(name, yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))


def errors(name: str, document: object) -> list[str]:
    """What an editor marks in a file, by a schema in docs/."""
    return [error.message for error in validator(name).iter_errors(document)]


@cache
def validator(name: str) -> Draft7Validator:
    contents = {f"docs/{each}": json.loads(schema.text(each)) for each in schema.SCHEMAS}
    registry = Registry().with_contents(contents.items())
    return Draft7Validator({"$ref": f"docs/{name}"}, registry=registry)


def _declarations() -> dict[str, dict[str, Any]]:
    """The `config` block of Pulumi.yaml: the type of every section that has one.

    Secrets have two: they are an object if encrypted one by one, and a text if encrypted as a whole. Texts that may
    also be a mapping have two as well.

    The engine refuses a stack in which a declared key without default is missing, so each has an empty default. The
    loader reports missing sections together with all other problems.
    """
    described, block = descriptions(StackConfig), dict[str, dict[str, Any]]()
    for key in attributes(StackConfig):
        if key == "secrets" or key in TEXT_OR_MAPPING:
            continue
        kind: dict[str, Any] = {"type": "string"} if key in TEXT_SECTIONS else {"type": "object"}
        empty: dict[str, Any] = {"default": "" if key in TEXT_SECTIONS else {}}
        block[f"{NAMESPACE}:{key}"] = kind | {"description": described[key]} | empty
    return block


def test_pulumi_yaml_declares_the_type_of_every_section_that_has_one() -> None:
    project = fast_yaml.load((_ROOT / "Pulumi.yaml").read_text())
    assert project["config"] == _declarations()


def test_secrets_are_encrypted_values_only() -> None:
    definitions = schema.stack_schema()["$defs"]
    assert definitions["PandaSecrets"]["properties"]["databasePassword"]["$ref"] == "#/$defs/Encrypted"
    clients, whole = definitions["AuthSecrets"]["properties"]["clientSecrets"]["anyOf"]
    assert whole == {"$ref": "#/$defs/Encrypted"}
    assert clients["additionalProperties"] == {"$ref": "#/$defs/Encrypted"}
    assert "password" not in {item.get("format") for item in _mappings(definitions)}


_ENCRYPTED = {"secure": "v1:AAAA"}


@pytest.mark.parametrize(
    ("secrets", "good"),
    [
        (_ENCRYPTED, True),
        ({"msgsvc": _ENCRYPTED, "files": {"panda": _ENCRYPTED}}, True),
        ({"certificates": {"panda": _ENCRYPTED}, "msgsvc": {"basePassword": _ENCRYPTED}}, True),
        ({"msgsvc": {"basePassword": "plain"}}, False),
        ({"msgsvc": _ENCRYPTED | {"basePassword": _ENCRYPTED}}, False),
        ("plain", False),
    ],
)
def test_editors_take_every_form_of_secrets_that_the_program_reads(secrets: Any, good: bool) -> None:
    config = {f"panda-infra:{name}": value for name, value in sections(secrets=secrets).items()}
    assert (errors("stack.schema.json", {"config": config}) == []) is good


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_every_key_is_described_and_every_reference_resolves(name: str) -> None:
    document = schema.SCHEMAS[name]()
    definitions = document["$defs"]
    for model, definition in definitions.items():
        assert definition["additionalProperties"] is False, model
        for key, value in definition.get("properties", {}).items():
            assert value.keys() & {"description", "$ref"} or model == "Encrypted", f"{model}.{key}"
    references = {item["$ref"] for item in _mappings(document) if isinstance(item.get("$ref"), str)}
    known = {f"#/$defs/{model}" for model in definitions}
    known |= {f"site.schema.json#/properties/{section}" for section in schema.site_schema()["properties"]}
    assert references <= known
    assert json.loads(schema.text(name)) == document


def _mappings(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in _mappings(item))]
    return [found for item in value for found in _mappings(item)] if isinstance(value, list) else []
