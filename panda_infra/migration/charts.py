"""The experiment's values of every chart -> components, hosts, exposure and storage of the stack file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from panda_infra.config.components import Components
from panda_infra.migration.checkout import ChartValues, mapping
from panda_infra.migration.outcome import Outcome
from panda_infra.migration.placement import place_placement
from panda_infra.migration.sub_components import Classes, sub_component
from panda_infra.products.model import Endpoint
from panda_infra.products.registry import COMPONENTS
from panda_infra.tree import entries, value_at

__all__ = ["place_charts"]

_PASSTHROUGH = "nginx.ingress.kubernetes.io/ssl-passthrough"


def place_charts(charts: Mapping[str, ChartValues], outcome: Outcome, storage_class: str | None) -> None:
    """Put all values of the deployed components' charts into the outcome.

    Args:
        charts: the values of each deployed component, by its name.
        outcome: gets the sections.
        storage_class: the stack's, if upstream's values name none.
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
    if charts.get("panda") and value_at(charts["panda"].own, ("nodeRecovery", "enabled"), None):
        outcome.put(("components", "panda", "nodeRecovery"), True)
    if any(
        path[-1] == "noRoot" and value is True
        for chart in charts.values()
        for path, value in entries(chart.own)
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
    harvester = charts["harvester"].own if "harvester" in charts else {}
    logs = mapping(value_at(harvester, ("harvester", "sharedLogs"), None))
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
    route = value_at(chart.own, endpoint.route.split("."), None) if endpoint.route else None
    ingress = value_at(chart.own, endpoint.key.split("."), None)
    host: object = None
    if isinstance(route, dict) and route.get("enabled"):
        outcome.put(("exposure", "kind"), "route")
        outcome.put(("exposure", "passthrough"), True)
        key, host = endpoint.route_host, value_at(chart.own, endpoint.route_host.split("."), None)
    elif endpoint.host == "ui":
        key = "global.hostOverwrite"
        host = value_at(chart.own, key.split("."), None)
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
    ):  # BigMon's host serves the logs already
        outcome.put(("hosts", field), host)


def _bigmon(outcome: Outcome) -> object:
    return outcome.sections.get("hosts", {}).get("bigmon")
