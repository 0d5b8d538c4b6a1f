"""The published schema is current and agrees with the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from panda_infra.config import schema

_ROOT = Path(__file__).parents[3]
_LINE = "# yaml-language-server: $schema=docs/stack.schema.json"


def test_the_schema_in_docs_is_current() -> None:
    assert schema.PATH.read_text(encoding="utf-8") == schema.text(), (
        "run: python -m panda_infra.config.schema"
    )


def test_every_stack_file_names_the_schema() -> None:
    for path in _ROOT.glob("Pulumi.*.yaml"):
        assert path.read_text().startswith(_LINE), f"{path.name} must start with: {_LINE}"


def test_pulumi_yaml_declares_the_type_of_every_section_that_has_one() -> None:
    project = yaml.safe_load((_ROOT / "Pulumi.yaml").read_text())
    assert project["config"] == schema.declarations()


def test_secrets_are_encrypted_values_only() -> None:
    definitions = schema.stack_schema()["$defs"]
    assert definitions["PandaSecrets"]["properties"]["databasePassword"]["$ref"] == "#/$defs/Encrypted"
    clients = definitions["AuthSecrets"]["properties"]["clientSecrets"]
    assert clients["additionalProperties"] == {"$ref": "#/$defs/Encrypted"}
    assert "password" not in {item.get("format") for item in _mappings(definitions)}


def test_every_key_is_described_and_every_reference_resolves() -> None:
    document = schema.stack_schema()
    definitions = document["$defs"]
    for name, definition in definitions.items():
        assert definition["additionalProperties"] is False, name
        for key, value in definition.get("properties", {}).items():
            assert value.keys() & {"description", "$ref"} or name == "Encrypted", f"{name}.{key}"
    references = {item["$ref"] for item in _mappings(document) if isinstance(item.get("$ref"), str)}
    assert references <= {f"#/$defs/{name}" for name in definitions}
    assert json.loads(schema.text()) == document


def _mappings(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in _mappings(item))]
    return [found for item in value for found in _mappings(item)] if isinstance(value, list) else []
