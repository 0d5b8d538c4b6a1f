"""The shipper of a stack's logs: the OpenTelemetry Collector on each node, which reads the files of the stack's pods.

The labels of a line follow from the name of its pod, so the collector needs no right in the cluster's API.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from panda_infra.config.monitoring import Logs
from panda_infra.config.stack import Settings
from panda_infra.plan.backup import backed_up
from panda_infra.plan.confined import confined_container
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.mariadb import operated_mariadb
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.exporters import exporters
from panda_infra.plan.node_recovery import NAME as NODE_RECOVERY
from panda_infra.plan.node_recovery import recovers_in_cluster
from panda_infra.plan.postgres import operated
from panda_infra.products.metrics import COLLECTOR_IMAGE
from panda_infra.products.registry import COMPONENTS

__all__ = [
    "CREDENTIAL",
    "FILE",
    "LABELS",
    "NAME",
    "Source",
    "configuration_text",
    "daemon_set",
    "pod",
    "shipping",
    "sources",
]

NAME = "panda-infra-logs"
"""The name of every object of the shipper."""
FILE = "collector.yaml"
"""The key of the ConfigMap with the collector's configuration."""
CREDENTIAL = "credential"
"""The key of the Secret with user and password as HTTP's basic log-in has them."""
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "panda-infra-monitoring"}
"""The labels of its pods."""

_PODS = "/var/log/pods"
_CONFIGURATION, _SECRET, _STATE = "/collector", "/credential", "/state"
_MEMORY_MIB = 512
# Lines that wait for a store that is down, and lines of one request; older lines stay in the files of the nodes.
_QUEUE, _BATCH = 20_000, 1_000


@dataclass(frozen=True, order=True)
class Source:
    """Pods whose names begin with that of a workload, and the labels of their lines."""

    workload: str
    component: str
    part: str
    release: str = ""

    def labels(self, plan: Plan) -> dict[str, str]:
        """The labels of a line, with the names that metrics and alerts have too; by the first, Loki finds streams."""
        return {
            "service.name": self.workload,
            "namespace": plan.config.namespace,
            "stack": plan.stack,
            "component": self.component,
            "part": self.part,
            **({"release": self.release} if self.release else {}),
        }


def shipping(config: Settings) -> Logs | None:
    """The section, if the stack ships logs."""
    return config.monitoring.logs if config.monitoring else None


def sources(plan: Plan) -> tuple[Source, ...]:
    """Everything in the namespace that writes logs: the components, and what the program itself runs."""
    return tuple(sorted(_sources(plan)))


def _sources(plan: Plan) -> Iterator[Source]:
    names = plan.names
    for name, component in plan.config.components.deployed().items():
        for sub, _ in enabled_sub_components(COMPONENTS[name], component):
            yield Source(names.workload(name, sub.name), name, sub.name, names.release(name))
    for database in operated(plan):
        yield Source(database.cluster, database.component, "postgres")
    for servers in operated_mariadb(plan):
        yield Source(servers.cluster, servers.component, "mariadb")
    for planned in exporters(plan.config):
        yield Source(planned.name, planned.component or "monitoring", planned.name)
    for backup in backed_up(plan):
        yield Source(backup.job, backup.component, "backup")
    if recovers_in_cluster(plan):
        yield Source(NODE_RECOVERY, "node-recovery", "controller")


def _configuration(plan: Plan, section: Logs) -> dict[str, Any]:
    """The collector's configuration; it has no secret."""
    found = sources(plan)
    receivers = {f"file_log/{each.workload}": _receiver(plan, each, found) for each in found}
    exporter: dict[str, Any] = {
        "endpoint": section.endpoint.rstrip("/"),
        "retry_on_failure": {"max_elapsed_time": "0s"},
        # On the node's disk, so that a new start of the container loses nothing.
        "sending_queue": {
            "storage": "file_storage",
            "sizer": "items",
            "queue_size": _QUEUE,
            "block_on_overflow": True,
            "batch": {"flush_timeout": "1s", "min_size": _BATCH, "max_size": _BATCH},
        },
    }
    extensions: dict[str, Any] = {"file_storage": {"directory": _STATE}}
    if section.tenant:
        exporter["headers"] = {"X-Scope-OrgID": section.tenant}
    if section.user:
        # Read again when the Secret has changed.
        extensions["bearertokenauth"] = {"scheme": "Basic", "filename": f"{_SECRET}/{CREDENTIAL}"}
        exporter["auth"] = {"authenticator": "bearertokenauth"}
    return {
        "extensions": extensions,
        "receivers": receivers,
        "exporters": {"otlp_http": exporter},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "extensions": list(extensions),
            "pipelines": {"logs": {"receivers": list(receivers), "exporters": ["otlp_http"]}},
        },
    }


def _receiver(plan: Plan, source: Source, every: tuple[Source, ...]) -> dict[str, Any]:
    def files(workload: str) -> str:
        return f"{_PODS}/{plan.config.namespace}_{workload}-*_*/*/*.log"

    longer = [each.workload for each in every if each.workload.startswith(f"{source.workload}-")]
    return {
        "include": [files(source.workload)],
        **({"exclude": [files(each) for each in longer]} if longer else {}),
        # A pod has often written before it is found.
        "start_at": "beginning",
        "include_file_name": False,
        "include_file_path": True,
        # Without this, pieces of a long line would be joined without their blanks.
        "preserve_trailing_whitespaces": True,
        "storage": "file_storage",
        "retry_on_failure": {"enabled": True, "max_elapsed_time": "0s"},
        # A text that begins with EXPR would be evaluated; none of these can.
        "resource": source.labels(plan),
        "operators": [{"type": "container", "add_metadata_from_filepath": True}],
    }


def daemon_set(plan: Plan, section: Logs) -> dict[str, Any]:
    """The specification of the DaemonSet."""
    digest = hashlib.sha256(configuration_text(plan, section).encode()).hexdigest()[:16]
    return {
        "selector": {"matchLabels": LABELS},
        "updateStrategy": {"rollingUpdate": {"maxUnavailable": "50%"}},
        "template": {
            "metadata": {"labels": LABELS, "annotations": {"panda-infra/files": digest}},
            "spec": pod(plan.config, section),
        },
    }


def configuration_text(plan: Plan, section: Logs) -> str:
    """The configuration as the ConfigMap has it."""
    return yaml.safe_dump(_configuration(plan, section), sort_keys=False, width=120)


def pod(config: Settings, section: Logs) -> dict[str, Any]:
    """The specification of its pods: root, because the files are root's, but without any capability."""
    mounts = [
        {"name": "configuration", "mountPath": _CONFIGURATION, "readOnly": True},
        {"name": "pods", "mountPath": _PODS, "readOnly": True},
        {"name": "state", "mountPath": _STATE},
    ]
    volumes: list[dict[str, Any]] = [
        {"name": "configuration", "configMap": {"name": NAME}},
        {"name": "pods", "hostPath": {"path": _PODS, "type": "Directory"}},
        # Not on the node itself, where it would stay; a new pod reads the files again.
        {"name": "state", "emptyDir": {"sizeLimit": "1Gi"}},
    ]
    if section.user:
        mounts.append({"name": "credential", "mountPath": _SECRET, "readOnly": True})
        volumes.append({"name": "credential", "secret": {"secretName": NAME}})
    container = {
        "name": "collector",
        "image": config.pulled(COLLECTOR_IMAGE),
        "args": [f"--config={_CONFIGURATION}/{FILE}"],
        "env": [{"name": "GOMEMLIMIT", "value": f"{_MEMORY_MIB * 4 // 5}MiB"}],
        "resources": {
            "requests": {"cpu": "20m", "memory": "128Mi"},
            "limits": {"memory": f"{_MEMORY_MIB}Mi"},
        },
        "securityContext": confined_container(),
        "volumeMounts": mounts,
    }
    return {
        **config.pull,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        # Pods of the stack may be on any node.
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {
            "runAsUser": 0,
            "runAsGroup": 0,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": volumes,
    }
