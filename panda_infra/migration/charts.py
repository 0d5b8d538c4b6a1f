"""The experiment's values of every chart -> components, hosts, exposure and storage of the stack file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pydantic.alias_generators import to_camel

from panda_infra.migration.checkout import ChartValues, mapping
from panda_infra.migration.placement import place_placement
from panda_infra.migration.sub_components import Classes, sub_component
from panda_infra.products.migrated import Outcome
from panda_infra.products.model import ComponentSpec, Endpoint
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
        spec = COMPONENTS[name]
        component = spec.config()
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
    for name, chart in charts.items():
        _finish(COMPONENTS[name], chart, outcome)
    if any(
        path[-1] == "noRoot" and value is True
        for chart in charts.values()
        for path, value in entries(chart.own)
    ):
        outcome.put(("cluster", "noRoot"), True)


def _finish(spec: ComponentSpec, chart: ChartValues, outcome: Outcome) -> None:
    """Put the component's own switches, and leave out hosts that another component serves."""
    for key, target in spec.imports.chart_switches.items():
        if value_at(chart.own, key.split("."), None):
            outcome.put(("components", spec.name, target), True)
    hosts = outcome.sections.get("hosts", {})
    for endpoint in spec.endpoints:
        field = to_camel(endpoint.host)
        if field in hosts and hosts[field] == hosts.get(spec.imports.served_by):
            del hosts[field]


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
    shared = (
        value_at(chart.own, path.split("."), None)
        for name, chart in charts.items()
        if (path := COMPONENTS[name].imports.shared_logs)
    )
    logs = mapping(next(shared, None))
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
    field = to_camel(endpoint.host)
    route = value_at(chart.own, endpoint.route.split("."), None) if endpoint.route else None
    ingress = value_at(chart.own, endpoint.key.split("."), None)
    host: object = None
    if isinstance(route, dict) and route.get("enabled"):
        outcome.put(("exposure", "kind"), "route")
        outcome.put(("exposure", "passthrough"), True)
        key, host = endpoint.route_host, value_at(chart.own, endpoint.route_host.split("."), None)
    elif endpoint.host_value:
        key = endpoint.host_value
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
    else:
        outcome.put(("hosts", field), host)
