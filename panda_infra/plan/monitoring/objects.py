"""The objects of monitoring: exporters, a Service for each place with metrics, what Prometheus reads, the shipper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from panda_infra.config.monitoring import Logs, Monitoring
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.monitoring import logs
from panda_infra.plan.monitoring.alerts import alert_groups
from panda_infra.plan.monitoring.dashboards import dashboards
from panda_infra.plan.monitoring.exporters import PlannedExporter, deployment, exporters, monitoring_of
from panda_infra.plan.monitoring.receivers import NAME as RECEIVERS
from panda_infra.plan.monitoring.receivers import operators_spec
from panda_infra.plan.monitoring.scrapes import Scrape, scrapes
from panda_infra.products.registry import COMPONENTS

__all__ = ["ALERTS", "DASHBOARDS", "PORT", "monitoring_names", "monitoring_objects"]

ALERTS = "panda-infra-alerts"
"""The name of the object with the alerts."""
PORT = "metrics"
"""The name of the port of each Service with metrics."""

DASHBOARDS = "panda-infra-dashboards"
"""The name of the object with the dashboards."""

_OPERATOR = "monitoring.coreos.com/v1"
_APIS = {
    "DaemonSet": "apps/v1",
    "Deployment": "apps/v1",
    "ServiceMonitor": _OPERATOR,
    "PrometheusRule": _OPERATOR,
    "AlertmanagerConfig": "monitoring.coreos.com/v1alpha1",
}
# The sidecar of Grafana's chart finds dashboards by this label.
_OF_GRAFANA = {"grafana_dashboard": "1"}
_SCRAPED = "panda-infra/metrics"
_OURS = {"app.kubernetes.io/managed-by": "panda-infra"}


def monitoring_names(plan: Plan) -> frozenset[str]:
    """The names of all objects of monitoring in the namespace."""
    section = monitoring_of(plan.config)
    shipper = frozenset({logs.NAME} if logs.shipping(plan.config) else ())
    if section is None:
        return shipper
    fixed = {ALERTS, DASHBOARDS, *([RECEIVERS] if section.receivers else [])}
    made = exporters(plan.config)
    headless = {each.host for each in made if each.headless}
    return shipper | frozenset(
        {*fixed, *headless, *(each.name for each in made), *(each.name for each in scrapes(plan.config))}
    )


def monitoring_objects(plan: Plan) -> tuple[ClusterObject, ...]:
    """Every object, in an order in which each finds what it needs; none without the section."""
    section, shipped = monitoring_of(plan.config), logs.shipping(plan.config)
    return (
        *(_objects(plan, section) if section else ()),
        *(_shipper(plan, shipped) if shipped else ()),
    )


def _shipper(plan: Plan, section: Logs) -> Iterator[ClusterObject]:
    text = logs.configuration_text(plan, section)
    yield _object(plan, "ConfigMap", logs.NAME, {"data": {logs.FILE: text}}, labels=logs.LABELS)
    spec = logs.daemon_set(plan, section)
    yield _object(plan, "DaemonSet", logs.NAME, {"spec": spec}, labels=logs.LABELS)


def _objects(plan: Plan, section: Monitoring) -> Iterator[ClusterObject]:
    for planned in exporters(plan.config):
        yield from _exporter(plan, planned)
    headless = {each.host: each for each in exporters(plan.config) if each.headless}
    for host, planned in headless.items():
        yield _object(plan, "Service", host, {"spec": _every_port(plan, planned)})
    for scrape in scrapes(plan.config):
        yield from _scraped(plan, section, scrape)
    yield _alerts(plan, section)
    boards = {"data": dashboards(plan)}
    yield _object(plan, "ConfigMap", DASHBOARDS, boards, labels=_OF_GRAFANA)
    if section.kind == "prometheusOperator" and section.receivers:
        spec = operators_spec(section.receivers)
        yield _object(plan, "AlertmanagerConfig", RECEIVERS, {"spec": spec}, labels=section.labels)


def _object(
    plan: Plan,
    kind: str,
    name: str,
    fields: Mapping[str, Any],
    *,
    labels: Mapping[str, str] = {},
    annotations: Mapping[str, str] = {},
) -> ClusterObject:
    metadata = {
        "name": name,
        "namespace": plan.config.namespace,
        "labels": {**_OURS, **labels},
        "annotations": {**plan.owner.mark, **annotations},
    }
    return ClusterObject(
        _APIS.get(kind, "v1"), kind, f"{kind.lower()}-{name}", {"metadata": metadata, **fields}
    )


def _exporter(plan: Plan, planned: PlannedExporter) -> Iterator[ClusterObject]:
    if planned.exporter.files:
        yield _object(plan, "ConfigMap", planned.name, {"data": dict(planned.exporter.files)})
    spec = deployment(planned, plan.config)
    yield _object(plan, "Deployment", planned.name, {"spec": spec}, labels=planned.labels)


def _every_port(plan: Plan, planned: PlannedExporter) -> dict[str, Any]:
    """A Service without an address is the addresses of its pods, whatever their ports; the API wants one named."""
    asked = planned.exporter.asks
    assert asked is not None  # noqa: S101 - else there is no such Service
    selector = COMPONENTS[asked.component].sub_component(asked.sub_component)
    return {
        "clusterIP": "None",
        "selector": selector.pod_labels(plan.names.release(asked.component)),
        "ports": [{"name": "asked", "port": asked.port}],
    }


def _scraped(plan: Plan, section: Monitoring, scrape: Scrape) -> Iterator[ClusterObject]:
    by_annotations = {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(scrape.port),
        "prometheus.io/path": scrape.path,
        **{f"prometheus.io/param_{key}": text for key, text in scrape.parameters.items()},
    }
    spec = {
        "clusterIP": "None",
        "selector": dict(scrape.selector),
        "ports": [{"name": PORT, "port": scrape.port}],
        # Metrics of pods that are not ready show why they are not.
        "publishNotReadyAddresses": True,
    }
    labels = {_SCRAPED: scrape.name, **scrape.labels}
    annotations = by_annotations if section.kind == "annotations" else {}
    yield _object(plan, "Service", scrape.name, {"spec": spec}, labels=labels, annotations=annotations)
    if section.kind == "prometheusOperator":
        endpoint: dict[str, Any] = {"port": PORT, "path": scrape.path}
        if scrape.parameters:
            endpoint["params"] = {key: [text] for key, text in scrape.parameters.items()}
        monitor = {
            "selector": {"matchLabels": {_SCRAPED: scrape.name}},
            "targetLabels": list(scrape.labels),
            "endpoints": [endpoint],
        }
        yield _object(plan, "ServiceMonitor", scrape.name, {"spec": monitor}, labels=section.labels)


def _alerts(plan: Plan, section: Monitoring) -> ClusterObject:
    groups = list(alert_groups(plan))
    if section.kind == "prometheusOperator":
        fields: dict[str, Any] = {"spec": {"groups": groups}}
        return _object(plan, "PrometheusRule", ALERTS, fields, labels=section.labels)
    text = yaml.safe_dump({"groups": groups}, sort_keys=False, width=120)
    return _object(plan, "ConfigMap", ALERTS, {"data": {"alerts.yaml": text}}, labels=section.labels)
