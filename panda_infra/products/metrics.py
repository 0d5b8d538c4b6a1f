"""The metrics of a component: from its own pods, or from an exporter, a pod that makes metrics of their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from panda_infra.products.network import Call, Remote

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = [
    "COLLECTOR_IMAGE",
    "MARIADB_EXPORTER_IMAGE",
    "POSTGRES_EXPORTER_IMAGE",
    "PROBER_IMAGE",
    "Exporter",
    "Metrics",
    "monitored",
    "traces_to",
]

# This distribution of the OpenTelemetry Collector is for Kubernetes: it reads the files of pods.
COLLECTOR_IMAGE = (
    "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s:0.165.0"
)
# Prometheus' community makes the first exporter, the project Prometheus the others.
POSTGRES_EXPORTER_IMAGE = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"
MARIADB_EXPORTER_IMAGE = "quay.io/prometheus/mysqld-exporter:v0.17.2"
PROBER_IMAGE = "quay.io/prometheus/blackbox-exporter:v0.27.0"


@dataclass(frozen=True)
class Metrics:
    """Metrics in Prometheus' form at a TCP port of a sub-component's pods.

    They need not declare the port. The component's chart values must open it where the stack has monitoring.
    """

    port: int
    path: str = "/metrics"


@dataclass(frozen=True)
class Exporter:
    """A program in a pod of its own whose metrics, at ``/metrics`` of its ``port``, are about a sub-component.

    ``name`` distinguishes the exporters of a sub-component. Without a ``command`` the image's own runs; ``files`` are
    in the folder ``/exporter``, by name. ``variables`` make its environment, in which ``{host}`` stands for the name
    under which it finds the pods that it ``asks``; ``secrets`` are those from a key of the stack's Secrets: suffix,
    key. It connects to ``calls`` and ``remotes`` too, as sub-components do. ``unless`` is true for a stack that needs
    none.
    """

    name: str
    image: str
    port: int
    asks: Call | None = None
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Callable[[Settings], Mapping[str, str]] = lambda _config: {}
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    remotes: Callable[[Any], Iterable[Remote]] = lambda _context: ()
    unless: Callable[[Settings], bool] = lambda _config: False


def monitored(config: Settings) -> bool:
    """True for a stack with metrics."""
    return config.monitoring is not None and config.monitoring.kind != "none"


def traces_to(config: Settings) -> str:
    """The address to which the stack's traces are sent, by OTLP over HTTP; empty for a stack that sends none."""
    section = config.monitoring
    return section.traces.endpoint.rstrip("/") if section and section.traces else ""
