"""What the project relies on in PanDA's charts, in the short form of tests/charts/contract.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from testbed.charts import FIXTURES
from tests.support import fast_yaml
from tests.unit.charts.rendering import Objects

__all__ = ["CONTRACT", "chart_facts", "facts", "references"]

CONTRACT = FIXTURES / "contract.yaml"

_NAMED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Secret": {"secret": ("secretName", "name"), "secretRef": ("name",)},
    "ConfigMap": {"configMap": ("name",), "configMapRef": ("name",)},
    "PersistentVolumeClaim": {"persistentVolumeClaim": ("claimName",)},
}


def chart_facts(chart: Path) -> dict[str, Any]:
    """Version and sub-charts of a chart, as ``{version, subCharts: {name: condition}}``."""
    metadata = fast_yaml.load((chart / "Chart.yaml").read_text())
    for dependency in metadata["dependencies"]:
        sub_chart = fast_yaml.load((chart / "charts" / dependency["name"] / "Chart.yaml").read_text())
        assert (sub_chart["name"], sub_chart["version"]) == (dependency["name"], dependency["version"])
    conditions = {
        dependency["name"]: dependency.get("condition", "") for dependency in metadata["dependencies"]
    }
    return {"version": metadata["version"], "subCharts": conditions}


def facts(objects: Objects) -> dict[str, Any]:
    """Names, references, services and claims of a release, sorted."""
    workloads = ("Deployment/", "StatefulSet/")
    described = ("PersistentVolumeClaim/", "Service/", *workloads)
    return {
        "workloads": {key: _workload(objects[key]) for key in sorted(objects) if key.startswith(workloads)},
        "services": {
            _name(key): {
                port["name"]: f"{port['port']} -> {port['targetPort']}" for port in spec["spec"]["ports"]
            }
            for key, spec in sorted(objects.items())
            if key.startswith("Service/")
        },
        "claims": {
            _name(key): _claim(spec["spec"])
            for key, spec in sorted(objects.items())
            if key.startswith("PersistentVolumeClaim/")
        },
        "others": sorted(key for key in objects if not key.startswith(described)),
    }


def references(workload: Mapping[str, Any], kind: str) -> list[str]:
    """Names of the objects of this kind that a workload's pod refers to; an optional one ends with "?"."""
    return sorted(set(_named(workload, _NAMED[kind])))


def _named(node: Any, fields: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _named(entry, fields)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in fields:
                name = next(value[field] for field in fields[key] if field in value)
                yield name + ("?" if value.get("optional") else "")
            else:
                yield from _named(value, fields)


def _workload(workload: Mapping[str, Any]) -> dict[str, Any]:
    spec = workload["spec"]
    templates = {
        entry["metadata"]["name"]: _claim(entry["spec"]) for entry in spec.get("volumeClaimTemplates", ())
    }
    found = {
        "image": spec["template"]["container"]["image"],
        "secrets": references(workload, "Secret"),
        "configMaps": references(workload, "ConfigMap"),
        "claims": references(workload, "PersistentVolumeClaim"),
        "claimTemplates": templates,
    }
    return {key: value for key, value in found.items() if value}


def _claim(spec: Mapping[str, Any]) -> str:
    words = (
        spec["resources"]["requests"]["storage"],
        *spec["accessModes"],
        f"class {spec['storageClassName']}" if "storageClassName" in spec else "default class",
        "selector" if "selector" in spec else "",
    )
    return " ".join(word for word in words if word)


def _name(key: str) -> str:
    return key.partition("/")[2]
