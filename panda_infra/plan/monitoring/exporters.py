"""The exporters of a stack: those that its components describe, and one for each database that it runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.config.monitoring import Monitoring
from panda_infra.config.stack import Settings
from panda_infra.plan.confined import confined_container, confined_pod, from_secret
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.products.metrics import (
    MARIADB_EXPORTER_IMAGE,
    POSTGRES_EXPORTER_IMAGE,
    PROBER_IMAGE,
    Exporter,
    monitored,
)
from panda_infra.products.model import Dump, SubComponentSpec
from panda_infra.products.network import Call, Remote
from panda_infra.products.registry import COMPONENTS

__all__ = [
    "FOLDER",
    "PROBE",
    "PROBER",
    "PlannedExporter",
    "deployment",
    "environment",
    "exporters",
    "host_service",
    "monitoring_of",
    "shortened",
]

FOLDER = "/exporter"
"""The folder of an exporter's files."""
PROBER = "exporter-hosts"
"""The name of the exporter that looks at the certificates of exposed hosts."""
PROBE = "tls"
"""The module of that exporter: it opens a TLS connection, and accepts any signer of the certificate."""

_PROBES = f"""\
modules:
  {PROBE}:
    prober: tcp
    timeout: 10s
    tcp: {{tls: true, tls_config: {{insecure_skip_verify: true}}}}
"""
_HTTPS = 443
_LABEL_LIMIT, _DIGITS = 63, 8
_POSTGRES_PORT, _MARIADB_PORT = 9187, 9104


@dataclass(frozen=True)
class PlannedExporter:
    """An exporter of a stack: ``name`` is that of its Deployment, ``host`` the name by which it finds what it asks.

    It is about the sub-component ``part`` of a component. With ``headless``, a Service of the name ``host`` is made.
    """

    name: str
    component: str
    part: str
    exporter: Exporter
    host: str = ""
    headless: bool = False

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its pods."""
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/part-of": "panda-infra-monitoring"}


def monitoring_of(config: Settings) -> Monitoring | None:
    """The section, if it makes anything."""
    return config.monitoring if monitored(config) else None


def exporters(config: Settings) -> tuple[PlannedExporter, ...]:
    """Every exporter, none without the section."""
    return (*_exporters(config), *_prober(config)) if monitored(config) else ()


def _prober(config: Settings) -> Iterator[PlannedExporter]:
    """The exporter that looks at the certificates of exposed hosts; it belongs to no component."""
    hosts = tuple(config.hosts.exposed().values())
    if hosts:
        exporter = Exporter(
            name="hosts",
            image=PROBER_IMAGE,
            port=9115,
            arguments=(f"--config.file={FOLDER}/probes.yaml",),
            files={"probes.yaml": _PROBES},
            remotes=lambda _context: [Remote(host, _HTTPS, "certificate") for host in hosts],
        )
        yield PlannedExporter(PROBER, "", "", exporter)


def _exporters(config: Settings) -> Iterator[PlannedExporter]:
    names = config.names
    for component, settings in config.components.deployed().items():
        for sub, _ in enabled_sub_components(COMPONENTS[component], settings):
            of_database = [_of_database(component, sub, sub.dump, config)] if sub.dump else []
            for exporter in (*of_database, *sub.exporters):
                if exporter.unless(config):
                    continue
                workload = names.workload(component, sub.name)
                host, headless = _host(config, exporter)
                name = shortened(f"exporter-{workload}-{exporter.name}")
                yield PlannedExporter(name, component, sub.name, exporter, host, headless)


def _host(config: Settings, exporter: Exporter) -> tuple[str, bool]:
    """The Service of the pods that an exporter asks, and whether it has to be made."""
    if exporter.asks is None:
        return "", False
    asked = COMPONENTS[exporter.asks.component].sub_component(exporter.asks.sub_component)
    workload = config.names.workload(exporter.asks.component, asked.name)
    if exporter.asks.port in asked.listens:
        return workload, False
    return host_service(workload), True


def host_service(workload: str) -> str:
    """The name of a Service without an address of its own, by which every port of a workload's pods is reached."""
    return shortened(f"every-port-of-{workload}")


def _of_database(component: str, sub: SubComponentSpec, dump: Dump, config: Settings) -> Exporter:
    """The exporter of a database that the stack runs, as the user who makes its dumps."""
    asks = Call(component, sub.name, sub.listens[0])
    if dump.engine == "mariadb":
        return Exporter(
            name="mariadb",
            image=MARIADB_EXPORTER_IMAGE,
            port=_MARIADB_PORT,
            asks=asks,
            arguments=(f"--mysqld.address={{host}}:{asks.port}", "--mysqld.username=$(DB_USER)"),
            secrets={
                "DB_USER": (dump.secret, dump.user),
                "MYSQLD_EXPORTER_PASSWORD": (dump.secret, dump.password),
            },
        )
    database = next(iter(dump.names(config).values()), "")
    return Exporter(
        name="postgres",
        image=POSTGRES_EXPORTER_IMAGE,
        port=_POSTGRES_PORT,
        asks=asks,
        variables=lambda _config: {"DATA_SOURCE_URI": f"{{host}}:{asks.port}/{database}?sslmode=disable"},
        secrets={
            "DATA_SOURCE_USER": (dump.secret, dump.user),
            "DATA_SOURCE_PASS": (dump.secret, dump.password),
        },
    )


def environment(planned: PlannedExporter, config: Settings) -> list[dict[str, Any]]:
    """The variables of an exporter's container; those of Secrets come first, so that others may refer to them."""
    secrets = [
        from_secret(variable, config.names.secret(suffix), key)
        for variable, (suffix, key) in planned.exporter.secrets.items()
    ]
    plain = [
        {"name": variable, "value": text.replace("{host}", planned.host)}
        for variable, text in planned.exporter.variables(config).items()
    ]
    return [*secrets, *plain]


def deployment(planned: PlannedExporter, config: Settings) -> dict[str, Any]:
    """The specification of an exporter's Deployment."""
    exporter = planned.exporter
    container: dict[str, Any] = {
        "name": "exporter",
        "image": config.pulled(exporter.image),
        **({"command": list(exporter.command)} if exporter.command else {}),
        "args": [argument.replace("{host}", planned.host) for argument in exporter.arguments],
        "env": environment(planned, config),
        "ports": [{"name": "metrics", "containerPort": exporter.port}],
        "readinessProbe": {"tcpSocket": {"port": "metrics"}, "periodSeconds": 5},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": confined_container(),
    }
    pod: dict[str, Any] = {
        **confined_pod(config),
        "containers": [container],
    }
    if exporter.files:
        container["volumeMounts"] = [{"name": "files", "mountPath": FOLDER, "readOnly": True}]
        pod["volumes"] = [{"name": "files", "configMap": {"name": planned.name}}]
    return {
        "replicas": 1,
        "selector": {"matchLabels": planned.labels},
        "template": {
            "metadata": {
                "labels": planned.labels,
                **({"annotations": {"panda-infra/files": _digest(exporter.files)}} if exporter.files else {}),
            },
            "spec": pod,
        },
    }


def _digest(files: Mapping[str, str]) -> str:
    """A digest of the exporter's files: changed files need another pod."""
    return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:16]


def shortened(name: str) -> str:
    """A name that fits a label and a Service, different for different names."""
    if len(name) <= _LABEL_LIMIT:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{name[: _LABEL_LIMIT - _DIGITS - 1].rstrip('-')}-{digest}"
