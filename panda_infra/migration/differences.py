"""Compares the values that the stack gives its charts with upstream's values, leaf by leaf.

A value that the typed keys do not reproduce is decided by the program, or no template reads it, or it goes into the
component's free-form values. So nothing is lost without a note.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panda_infra.config.stack import StackConfig
from panda_infra.migration.checkout import ChartValues
from panda_infra.plan.make import make_plan
from panda_infra.products.migrated import Outcome
from panda_infra.products.model import ComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import SubComponent
from panda_infra.rules.book import chart_values
from panda_infra.rules.subject import Subject
from panda_infra.tree import MISSING, entries, value_at

__all__ = ["place_differences"]

Keys = tuple[str, ...]
_CLAIMS = "volumes are claims of the stack's storage class, or folders of the shared log claim"
_EXPOSURE = "follows from the hosts and the exposure of the stack"


def place_differences(charts: Mapping[str, ChartValues], config: StackConfig, outcome: Outcome) -> None:
    """Put values that the typed keys do not reproduce into free-form values, or note why they have no place."""
    plan = make_plan("import", config)
    for name, chart in charts.items():
        spec, values = COMPONENTS[name], plan.release(name).values
        noted = {note.key for note in outcome.unplaced if note.file == chart.file}
        for path, wanted in entries(chart.own):
            here = value_at(values, path)
            key = ".".join(path)
            if key in noted or _same(wanted, here if here is not MISSING else value_at(chart.defaults, path)):
                continue
            if wanted == "FIXME":
                outcome.settle(chart.file, key, "is still a placeholder")
            elif not chart.reads(path):
                outcome.settle(chart.file, key, "is read by no template of the chart")
            elif reason := _decided(spec, path, config):
                outcome.settle(chart.file, key, reason)
            elif _allowed(name, path, wanted, config):
                outcome.put(("components", name, "values", *path), wanted)
            else:
                outcome.miss(chart.file, key, "the program sets it otherwise")


def _decided(spec: ComponentSpec, path: Keys, config: StackConfig) -> str | None:
    sub, key = path[0], path[1] if len(path) > 1 else ""
    component = config.components.deployed()[spec.name]
    sub_config = getattr(component, sub, None)
    if isinstance(sub_config, SubComponent) and not sub_config.enabled:
        return f"{sub} is switched off"
    if reason := spec.imports.decided.get(f"{sub}.{key}"):
        return reason
    if key.startswith("persistentvolume") and not (
        key.endswith("special") and path[-1] in ("path", "logpath")
    ):
        return _CLAIMS
    if key == "noRoot":
        return "cluster.noRoot sets it for all"
    for endpoint in spec.endpoints:
        for place in (endpoint.key, endpoint.route, endpoint.gateway, endpoint.route_host):
            keys = tuple(place.split("."))
            if place and path[: len(keys)] == keys and not _annotation(path, keys):
                return _EXPOSURE
    return None


def _annotation(path: Keys, endpoint: Keys) -> bool:
    """Return whether the path is an Ingress annotation that the stack does not set itself."""
    is_one = path[len(endpoint) : len(endpoint) + 1] == ("annotations",)
    return is_one and not any(
        word in path[-1] for word in ("ingress.class", "ingressClassName", "ssl-passthrough")
    )


def _allowed(component: str, path: Keys, value: object, config: StackConfig) -> bool:
    """Return whether the rules allow the value in free-form values."""
    tree: Any = value
    for key in reversed(path):
        tree = {key: tree}
    deployed = config.components.deployed()[component]
    trial = deployed.model_copy(update={"values": tree})
    field = component.replace("-", "_")
    components = config.components.model_copy(update={field: trial})
    tried = Subject(config.model_copy(update={"components": components}), "import")
    return not list(chart_values.check(tried))


def _same(wanted: object, actual: object) -> bool:
    if isinstance(wanted, list | dict) or isinstance(actual, list | dict):
        return wanted == actual
    return str(wanted) == str(actual)
