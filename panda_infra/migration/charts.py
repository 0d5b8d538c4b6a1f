"""The experiment's values of every chart -> components, hosts, exposure and storage of the stack file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.config.components import Components
from panda_infra.migration.checkout import ChartValues, Tree, mapping
from panda_infra.migration.outcome import Outcome
from panda_infra.migration.placement import place_placement
from panda_infra.migration.sub_components import Classes, sub_component
from panda_infra.products.model import Endpoint
from panda_infra.products.registry import COMPONENTS

__all__ = ["place_charts"]

_PASSTHROUGH = "nginx.ingress.kubernetes.io/ssl-passthrough"


def place_charts(charts: Mapping[str, ChartValues], outcome: Outcome, storage_class: str | None) -> None:
    """Put everything that the charts' values say of the deployed components into the outcome.

    Args:
        charts: the values of each deployed component, by its name.
        outcome: gets the sections.
        storage_class: the stack's, where upstream's values name none.
    """
    _storage(charts, outcome, storage_class)
    storage = outcome.sections["storage"]
    classes = Classes(storage.get("class"), shared="sharedLogs" in storage)
    for name, chart in charts.items():
        spec, component = COMPONENTS[name], _model(name)
        outcome.put(("components", name), {})
        for sub in spec.sub_components:
            found = sub_component(
                sub, getattr(component, sub.name), mapping(chart.own.get(sub.name)), classes
            )
            if found:
                outcome.put(("components", name, sub.name), found)
        for endpoint in spec.endpoints:
            _expose(endpoint, chart, outcome)
    place_placement(outcome)
    if charts.get("panda") and _at(charts["panda"].own, "nodeRecovery.enabled"):
        outcome.put(("components", "panda", "nodeRecovery"), True)
    if any(
        leaf == "noRoot" and value is True for chart in charts.values() for leaf, value in _flat(chart.own)
    ):
        outcome.put(("cluster", "noRoot"), True)


def _model(name: str) -> Any:
    field = next(info for info in Components.model_fields.values() if info.alias == name)
    options = [kind for kind in getattr(field.annotation, "__args__", ()) if kind is not type(None)]
    return options[0]()


def _storage(charts: Mapping[str, ChartValues], outcome: Outcome, storage_class: str | None) -> None:
    named = Counter(
        value
        for chart in charts.values()
        for sub in chart.own.values()
        if isinstance(sub, dict)
        for key, claim in sub.items()
        if key.startswith("persistentvolume") and isinstance(claim, dict)
        if isinstance(value := claim.get("class"), str) and value not in ("", "manual")
    )
    logs = mapping(_at(charts["harvester"].own, "harvester.sharedLogs")) if "harvester" in charts else {}
    usual = storage_class or (named.most_common(1)[0][0] if named else logs.get("storageClass"))
    outcome.sections["storage"] = {"class": usual} if usual else {}
    if logs.get("create"):
        given = {
            "class": logs.get("storageClass") if logs.get("storageClass") != usual else None,
            "size": logs.get("size"),
            "shareId": logs.get("shareID"),
            "shareAccessId": logs.get("shareAccessID"),
        }
        outcome.put(("storage", "sharedLogs"), {key: value for key, value in given.items() if value})


def _expose(endpoint: Endpoint, chart: ChartValues, outcome: Outcome) -> None:
    field = "".join(part.title() if index else part for index, part in enumerate(endpoint.host.split("_")))
    route = _at(chart.own, endpoint.route) if endpoint.route else None
    ingress = _at(chart.own, endpoint.key)
    host: object = None
    if isinstance(route, dict) and route.get("enabled"):
        outcome.put(("exposure", "kind"), "route")
        outcome.put(("exposure", "passthrough"), True)
        key, host = endpoint.route_host, _at(chart.own, endpoint.route_host)
    elif endpoint.host == "ui":
        key = "global.hostOverwrite"
        host = _at(chart.own, key)
    elif isinstance(ingress, dict) and ingress.get("enabled"):
        key = f"{endpoint.key}.hosts"
        rules = ingress.get("hosts")
        host = mapping(rules[0]).get("hostOverride") if isinstance(rules, list) and rules else None
        if str(mapping(ingress.get("annotations")).get(_PASSTHROUGH)).lower() == "true":
            outcome.put(("exposure", "passthrough"), True)
    else:
        return
    if not host or host == "FIXME":
        outcome.miss(chart.file, key, f"names no host; set hosts.{field} to expose it")
    elif not (
        endpoint.host == "harvester" and host == _bigmon(outcome)
    ):  # BigMon's host leads to the logs anyhow
        outcome.put(("hosts", field), host)


def _bigmon(outcome: Outcome) -> object:
    return outcome.sections.get("hosts", {}).get("bigmon")


def _at(tree: Tree, dotted: str) -> Any:
    value: Any = tree
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _flat(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield key, value
