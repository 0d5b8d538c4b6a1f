"""The places that Prometheus scrapes: the metrics of a stack's pods and exporters, each by a Service of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from panda_infra.config.stack import Settings
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.monitoring.exporters import PROBE, PROBER, PlannedExporter, exporters, shortened
from panda_infra.plan.network.databases import DATABASE
from panda_infra.products.metrics import monitored
from panda_infra.products.model import SubComponentSpec
from panda_infra.products.registry import COMPONENTS

__all__ = ["Scrape", "scrapes"]

# Each server of CloudNativePG has its metrics there.
_CNPG = 9187


@dataclass(frozen=True)
class Scrape:
    """Metrics at a path of a port of some pods.

    ``name`` is that of their Service, ``parameters`` those of the request, ``labels`` what every metric gets.
    ``exporter`` names the exporter whose pods they are, and is empty for those of the ``part`` itself: a sub-component,
    or a database of an operator.
    """

    name: str
    component: str
    part: str
    selector: Mapping[str, str]
    port: int
    path: str
    labels: Mapping[str, str]
    exporter: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def scrapes(config: Settings) -> tuple[Scrape, ...]:
    """Everything that is scraped, nothing without the section."""
    return tuple(_scrapes(config)) if monitored(config) else ()


def _scrapes(config: Settings) -> Iterator[Scrape]:
    for component, settings in config.components.deployed().items():
        for sub, _ in enabled_sub_components(COMPONENTS[component], settings):
            yield from _of_pods(config, component, sub)
    yield from _of_postgres(config)
    for planned in exporters(config):
        if planned.name == PROBER:
            yield from _of_hosts(config, planned)
        else:
            labels = _labels(config, planned.component, planned.part)
            yield _of_exporter(planned, planned.name, labels)


def _labels(config: Settings, component: str, part: str) -> dict[str, str]:
    return {"release": config.names.release(component), "component": component, "part": part}


def _of_pods(config: Settings, component: str, sub: SubComponentSpec) -> Iterator[Scrape]:
    names = config.names
    for number, metrics in enumerate(sub.metrics):
        more = f"-{number + 1}" if number else ""
        yield Scrape(
            name=shortened(f"metrics-{names.workload(component, sub.name)}{more}"),
            component=component,
            part=sub.name,
            selector=sub.pod_labels(names.release(component)),
            port=metrics.port,
            path=metrics.path,
            labels=_labels(config, component, sub.name),
        )


def _of_postgres(config: Settings) -> Iterator[Scrape]:
    """CloudNativePG's servers, and those alone: its jobs and servers that are restored have no metrics of archives."""
    for component in config.postgres.databases if config.postgres else ():
        if database := COMPONENTS[component].postgres:
            cluster = database.cluster(config.names)
            yield Scrape(
                name=shortened(f"metrics-{cluster}"),
                component=component,
                part=DATABASE,
                selector={"cnpg.io/cluster": cluster, "cnpg.io/podRole": "instance"},
                port=_CNPG,
                path="/metrics",
                labels=_labels(config, component, DATABASE),
            )


def _of_exporter(planned: PlannedExporter, name: str, labels: Mapping[str, str]) -> Scrape:
    return Scrape(
        name=name,
        component=planned.component,
        part=planned.part,
        selector=planned.labels,
        port=planned.exporter.port,
        path="/metrics",
        labels=labels,
        exporter=planned.name,
    )


def _of_hosts(config: Settings, planned: PlannedExporter) -> Iterator[Scrape]:
    """One for each exposed host, with the component behind it."""
    for component in config.components.deployed():
        for endpoint in COMPONENTS[component].endpoints:
            if host := config.hosts.of(endpoint.host):
                part = endpoint.host.replace("_", "-")
                labels = _labels(config, component, part) | {"host": shortened(host)}
                plain = _of_exporter(planned, shortened(f"certificate-of-{part}"), labels)
                yield replace(plain, path="/probe", parameters={"module": PROBE, "target": f"{host}:443"})
