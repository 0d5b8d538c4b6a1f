"""The JSON Schemas of stack and site files, for editors: `python -m panda_infra.config.schema` writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE

__all__ = ["FOLDER", "SCHEMAS", "site_schema", "stack_schema", "text", "write"]

FOLDER = Path(__file__).parents[2] / "docs"
# YAML language servers fully support this draft.
_DIALECT = "http://json-schema.org/draft-07/schema#"


def stack_schema() -> dict[str, Any]:
    """The schema of a stack file; a secret, or a mapping of secrets, must be encrypted.

    A stack with a site may leave any key to the site, and remove the site's keys.
    """
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
    for name in ("Secrets", *_reached(definitions["Secrets"], definitions) - {"Encrypted"}):
        inside = definitions[name]["properties"]
        definitions[name]["properties"] = {key: _or_encrypted(item) for key, item in inside.items()}
    model["properties"]["secrets"] = _or_encrypted(model["properties"]["secrets"])
    whole = {f"{NAMESPACE}:{name}": section for name, section in model["properties"].items()}
    over_site = {f"{NAMESPACE}:{name}": {"$ref": f"{_SITE}#/properties/{name}"} for name in _of_sites(model)}
    config = {
        "description": model["description"],
        "type": "object",
        "properties": dict.fromkeys(whole, True),
        "patternProperties": {f"^(?!{NAMESPACE}:)[^:]+:": True},
        "additionalProperties": False,
        "if": {"required": [f"{NAMESPACE}:site"]},
        "then": {"properties": whole | over_site},
        "else": {
            "properties": whole,
            "required": [f"{NAMESPACE}:{name}" for name in model["required"]],
        },
    }
    return {
        "$schema": _DIALECT,
        "title": "Stack",
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


def site_schema() -> dict[str, Any]:
    """The schema of a site file: sections without secrets; nothing is required, because stacks may add it."""
    model = StackConfig.model_json_schema(by_alias=True, schema_generator=_Generator)
    sections = {name: _partial(section) for name, section in _of_sites(model).items()}
    definitions = {name: _partial(definition) for name, definition in model["$defs"].items()}
    return {
        "$schema": _DIALECT,
        "title": "Site",
        "description": "What the stacks of a site share.",
        "type": "object",
        "properties": sections,
        "additionalProperties": False,
        "$defs": {name: definitions[name] for name in sorted(_reached(sections, definitions))},
    }


def _of_sites(model: dict[str, Any]) -> dict[str, Any]:
    return {name: section for name, section in model["properties"].items() if name not in ("secrets", "site")}


_SITE = "site.schema.json"
SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {"stack.schema.json": stack_schema, _SITE: site_schema}
"""Each schema by the name of its file."""


def text(name: str) -> str:
    """A schema as its file holds it."""
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    """Write the files of the schemas."""
    for name in SCHEMAS:
        (FOLDER / name).write_text(text(name), encoding="utf-8")


class _Generator(GenerateJsonSchema):
    """Leaves out parts that are useless in an editor."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """No titles: the names of keys are enough."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Only the value itself: a key without one is refused."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Only plain defaults: those of mappings and lists repeat the defaults of their keys."""
        result = super().default_schema(schema)
        plain = isinstance(result.get("default"), str | int | float)
        return result if plain else {key: value for key, value in result.items() if key != "default"}


def _encrypted(value: Any) -> Any:
    """The schema that allows only the encrypted form of each secret leaf."""
    if isinstance(value, list):
        return [_encrypted(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("format") == "password":
        kept = {key: item for key, item in value.items() if key not in ("format", "type", "writeOnly")}
        return {"$ref": "#/$defs/Encrypted"} | kept
    return {key: _encrypted(item) for key, item in value.items()}


def _or_encrypted(value: dict[str, Any]) -> dict[str, Any]:
    """The schema of a mapping of secrets that may also be encrypted as one value."""
    encrypted = {"$ref": "#/$defs/Encrypted"}
    if value.get("$ref") == encrypted["$ref"]:
        return value
    opened = {key: item for key, item in value.items() if key != "description"}
    return {"description": value["description"], "anyOf": [opened, encrypted]}


def _partial(value: Any) -> Any:
    """The schema with no required keys, and with null allowed for each value, which removes it."""
    if isinstance(value, list):
        return [_partial(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _partial(item) for key, item in value.items() if key not in ("required", "discriminator")}
    if "oneOf" in kept:
        kept["anyOf"] = kept.pop("oneOf")
    if isinstance(properties := value.get("properties"), dict):
        kept["properties"] = {key: _or_null(_partial(item)) for key, item in properties.items()}
    return kept


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    described = {key: value[key] for key in ("description", "default", "examples") if key in value}
    return described | {"anyOf": [value, {"type": "null"}]}


def _reached(value: Any, definitions: Mapping[str, Any]) -> set[str]:
    """The definitions that a schema refers to, directly or through others."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            name = str(item.get("$ref", "")).removeprefix("#/$defs/")
            if name in definitions and name not in found:
                found.add(name)
                waiting.append(definitions[name])
            waiting += item.values()
    return found


if __name__ == "__main__":
    write()
