"""The objects of a stack's namespace: rendered without a cluster, or read from one."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from panda_infra.config.stack import StackConfig
from panda_infra.delivery.backup import credential
from panda_infra.delivery.monitoring import receivers_secret
from panda_infra.plan.backup import NAME as BACKUP
from panda_infra.plan.backup import backup_objects, uses_bucket
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan, Release
from panda_infra.plan.monitoring.objects import monitoring_objects
from panda_infra.plan.monitoring.receivers import NAME as RECEIVERS
from panda_infra.secrets.build import build
from testbed.api import Api
from testbed.errors import BedError
from tools import REPOSITORY, toolchain

__all__ = ["Object", "live", "rendered"]

Object = dict[str, Any]
_LIVE = {
    "Secret": "/api/v1/namespaces/{}/secrets",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Service": "/api/v1/namespaces/{}/services",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
}


def rendered(stack: str, config: StackConfig, charts: Path) -> list[Object]:
    """The objects that `up` would make of a complete configuration, with the charts in a folder.

    Raises:
        BedError: a chart refuses its values.
    """
    plan = make_plan(stack, config)
    helm = toolchain.ensure(["helm"]).path("helm")
    with ThreadPoolExecutor(max_workers=2) as pool:
        objects = list(pool.map(lambda release: list(_template(helm, charts, plan, release)), plan.releases))
    return [
        *_secrets(plan, config),
        *_backup(plan, config),
        *_monitoring(plan, config),
        *(each for release in objects for each in release),
    ]


def live(api: Api, namespace: str) -> list[Object]:
    """The objects in a namespace of a running cluster."""
    return [
        {"kind": kind, **each} for kind, path in _LIVE.items() for each in api.list(path.format(namespace))
    ]


def _secrets(plan: Plan, config: StackConfig) -> Iterator[Object]:
    for suffix, secret in build(config).items():
        data = {key: base64.b64encode(value).decode() for key, value in secret.data.items()}
        yield {"kind": "Secret", "metadata": {"name": plan.names.secret(suffix)}, "data": data}


def _backup(plan: Plan, config: StackConfig) -> Iterator[Object]:
    if uses_bucket(plan):
        data = credential(config.secrets.backup)
        yield {"kind": "Secret", "metadata": {"name": BACKUP}, "data": data}
    for each in backup_objects(plan):
        yield {"apiVersion": each.api, "kind": each.kind, **each.fields}


def _monitoring(plan: Plan, config: StackConfig) -> Iterator[Object]:
    if data := receivers_secret(plan, config.secrets.monitoring):
        yield {"kind": "Secret", "metadata": {"name": RECEIVERS}, "data": data}
    for each in monitoring_objects(plan):
        yield {"apiVersion": each.api, "kind": each.kind, **each.fields}


def _template(helm: Path, charts: Path, plan: Plan, release: Release) -> Iterator[Object]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        yaml.safe_dump(release.values, values)
        values.flush()
        target = ("--namespace", plan.config.namespace, "--values", values.name)
        chart = REPOSITORY / release.chart.folder if release.chart.folder else charts / release.chart.name
        command = (helm, "template", release.name, chart, *target)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BedError(f"{release.chart.name} cannot be rendered: {done.stderr.strip()}")
    yield from (each for each in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if each)
