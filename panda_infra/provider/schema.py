"""Make the package's schema from the models that validate the inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from panda_infra.config.base import Model
from panda_infra.provider.resource import Resource

__all__ = ["schema_of"]

Json = dict[str, Any]


def schema_of(package: str, version: str, kinds: Iterable[type[Resource[Any, Any]]]) -> Json:
    """The Pulumi package schema of ``kinds``."""
    types: Json = {}
    resources = {f"{package}:index:{kind.name}": _resource(kind, package, types) for kind in kinds}
    cloud = {"type": "string", "description": "Name in clouds.yaml; without it the OS_* variables select it."}
    owner = {"type": "string", "description": "The mark on all that is made, by which its owner is known."}
    settings = {"cloud": cloud, "owner": owner}
    return {
        "name": package,
        "version": version,
        "description": "Magnum clusters, access to them, node labels and LanDB aliases",
        "config": {"variables": settings},
        "provider": {"inputProperties": settings},
        "types": types,
        "resources": resources,
    }


def _resource(kind: type[Resource[Any, Any]], package: str, types: Json) -> Json:
    inputs, required_inputs = _properties(kind.inputs, package, types)
    outputs, required = _properties(kind.state, package, types)
    for name in kind.secrets:
        outputs[name]["secret"] = True
    return {
        "description": (kind.__doc__ or "").strip(),
        "inputProperties": inputs,
        "requiredInputs": required_inputs,
        "properties": outputs,
        "required": required,
    }


def _properties(model: type[Model], package: str, types: Json) -> tuple[Json, list[str]]:
    schema = model.model_json_schema(by_alias=True)
    for name, definition in schema.get("$defs", {}).items():
        types[f"{package}:index:{name}"] = {
            "type": "object",
            "properties": {key: _type(value, package) for key, value in definition["properties"].items()},
            "required": definition.get("required", []),
        }
    properties = {key: _type(value, package) for key, value in schema["properties"].items()}
    return properties, schema.get("required", [])


def _type(schema: Mapping[str, Any], package: str) -> Json:
    described = {"description": schema["description"]} if "description" in schema else {}
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return {"$ref": f"#/types/{package}:index:{name}", **described}
    if "anyOf" in schema:  # an optional value: Pulumi's properties are optional unless required
        return _type(next(s for s in schema["anyOf"] if s.get("type") != "null"), package) | described
    plain: Json = {"type": schema["type"], **described}
    if schema["type"] == "array":
        plain["items"] = _type(schema["items"], package)
    if schema["type"] == "object":
        plain["additionalProperties"] = _type(schema["additionalProperties"], package)
    return plain
