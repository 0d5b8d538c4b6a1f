"""The JSON Schema of a stack file, for editors: `python -m panda_infra.config.schema` writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from panda_infra.config.load import TEXT_SECTIONS
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE

__all__ = ["PATH", "declarations", "stack_schema", "text", "write"]

PATH = Path(__file__).parents[2] / "docs" / "stack.schema.json"
# What YAML language servers understand in full.
_DIALECT = "http://json-schema.org/draft-07/schema#"


def stack_schema() -> dict[str, Any]:
    """What an editor may complete and must reject; a secret is an encrypted value and nothing else."""
    model = _encrypted(StackConfig.model_json_schema(by_alias=True, schema_generator=_Generator))
    definitions = model["$defs"]
    definitions["Encrypted"] = {
        "title": "Encrypted",
        "description": "A value that `python -m panda_infra secrets set` encrypted.",
        "type": "object",
        "properties": {"secure": {"type": "string"}},
        "required": ["secure"],
        "additionalProperties": False,
    }
    sections = {f"{NAMESPACE}:{name}": section for name, section in model["properties"].items()}
    config = {
        "description": model["description"],
        "type": "object",
        "properties": sections,
        "required": [f"{NAMESPACE}:{name}" for name in model["required"]],
        "patternProperties": {f"^(?!{NAMESPACE}:)[^:]+:": True},
        "additionalProperties": False,
    }
    return {
        "$schema": _DIALECT,
        "title": "PanDA stack",
        "type": "object",
        "properties": {
            "config": config,
            "encryptionsalt": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "secretsprovider": {"type": "string"},
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def declarations() -> dict[str, dict[str, Any]]:
    """The `config` block of Pulumi.yaml: the type of every section that has one.

    Secrets have two: encrypted one by one they are an object, encrypted as a whole a text.

    The engine refuses a stack that lacks a declared key without default, so each has an empty one; what is
    really required the loader tells, together with everything else that is wrong.
    """
    block: dict[str, dict[str, Any]] = {}
    for name, info in StackConfig.model_fields.items():
        key = info.alias or name
        if key == "secrets":
            continue
        kind: dict[str, Any] = {"type": "string"} if key in TEXT_SECTIONS else {"type": "object"}
        empty: dict[str, Any] = {"default": "" if key in TEXT_SECTIONS else {}}
        block[f"{NAMESPACE}:{key}"] = kind | {"description": info.description} | empty
    return block


def text() -> str:
    """The schema as its file holds it."""
    return json.dumps(stack_schema(), indent=2, ensure_ascii=False) + "\n"


def write() -> Path:
    """Writes the schema and returns where."""
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")
    return PATH


class _Generator(GenerateJsonSchema):
    """Leaves out what an editor would show without use."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """No titles: a key's own name says it."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Only the value itself: a key without one is refused."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Only plain defaults: those of mappings and lists repeat what their own keys say."""
        result = super().default_schema(schema)
        plain = isinstance(result.get("default"), str | int | float)
        return result if plain else {key: value for key, value in result.items() if key != "default"}


def _encrypted(value: Any) -> Any:
    """A secret leaf is written in its encrypted form and nothing else."""
    if isinstance(value, list):
        return [_encrypted(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("format") == "password":
        kept = {key: item for key, item in value.items() if key not in ("format", "type", "writeOnly")}
        return {"$ref": "#/$defs/Encrypted"} | kept
    return {key: _encrypted(item) for key, item in value.items()}


if __name__ == "__main__":
    write()
