"""What PanDA's charts make of a stack: every object that would be in its namespace."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from panda_infra.config.stack import StackConfig
from panda_infra.plan.data import post_renderer
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan, Release
from panda_infra.products.content import SecretContent
from panda_infra.secrets.build import build
from tests.support.stack_files import config_of
from tools import REPOSITORY

__all__ = ["Object", "Rendered", "Workload", "render", "rendered_stack"]

Object = dict[str, Any]
_KINDS = ("Deployment", "StatefulSet")


@dataclass(frozen=True)
class Workload:
    """A rendered workload, by the sub-chart that it comes from."""

    component: str
    body: Object

    @property
    def name(self) -> str:
        """Kind and name."""
        return f"{self.body['kind']}/{self.body['metadata']['name']}"

    @property
    def sub_component(self) -> str:
        """The sub-chart."""
        return str(self.body["metadata"]["labels"]["app.kubernetes.io/name"])

    @property
    def replicas(self) -> int:
        """Number of pods."""
        return self.body["spec"].get("replicas") or 1

    @property
    def pod(self) -> Object:
        """The pod's specification."""
        pod: Object = self.body["spec"]["template"]["spec"]
        return pod

    @property
    def containers(self) -> list[Object]:
        """Those of the pod."""
        return [*(self.pod.get("initContainers") or ()), *self.pod["containers"]]

    def claims(self) -> list[str]:
        """The existing claims that the pod mounts, one entry for each volume."""
        sources = [volume.get("persistentVolumeClaim") for volume in self.pod.get("volumes") or ()]
        return [source["claimName"] for source in sources if source]


@dataclass(frozen=True)
class Rendered:
    """A stack's plan, the folder of charts, the content of its Secrets, each release's objects by component."""

    plan: Plan
    charts: Path
    secrets: Mapping[str, SecretContent]
    releases: Mapping[str, tuple[Object, ...]]

    def of_kind(self, *kinds: str) -> Iterator[Object]:
        """Every object of these kinds."""
        for objects in self.releases.values():
            yield from (item for item in objects if item["kind"] in kinds)

    def workloads(self) -> Iterator[Workload]:
        """Every workload that runs for long."""
        for component, objects in self.releases.items():
            for item in objects:
                if item["kind"] in _KINDS:
                    yield Workload(component, item)

    def services(self) -> dict[str, set[int]]:
        """The ports of each Service."""
        return {
            service["metadata"]["name"]: {port["port"] for port in service["spec"]["ports"]}
            for service in self.of_kind("Service")
        }

    def claims(self) -> dict[str, Object]:
        """The specification of each claim, the shared one included."""
        found = {claim["metadata"]["name"]: claim["spec"] for claim in self.of_kind("PersistentVolumeClaim")}
        shared = self.plan.shared_claim
        return found | ({shared.name: {"accessModes": ["ReadWriteMany"]}} if shared else {})


def render(helm: Path, charts: Path, stack: str) -> Rendered:
    """Everything of a stack, rendered from the chart folders below ``charts``."""
    return rendered_stack(helm, charts, stack, config_of(stack))


def rendered_stack(helm: Path, charts: Path, stack: str, config: StackConfig) -> Rendered:
    """The same of a configuration."""
    plan = make_plan(stack, config)
    with ThreadPoolExecutor(max_workers=4) as pool:
        objects = list(pool.map(lambda release: _template(helm, charts, plan, release), plan.releases))
    components = [release.component for release in plan.releases]
    return Rendered(plan, charts, build(config), dict(zip(components, objects, strict=True)))


def _template(helm: Path, charts: Path, plan: Plan, release: Release) -> tuple[Object, ...]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        yaml.dump(release.values, values, Dumper=yaml.CSafeDumper)
        values.flush()
        target = ["--namespace", plan.config.namespace, "--values", values.name]
        if program := post_renderer(plan, release):
            target += ["--post-renderer", program]
        shipped = release.chart.folder
        chart = REPOSITORY / shipped if shipped else charts / release.chart.name
        done = subprocess.run(
            [helm, "template", release.name, chart, *target],
            capture_output=True,
            text=True,
            check=False,
            cwd=REPOSITORY,
        )
    assert done.returncode == 0, done.stderr
    return tuple(item for item in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if item)
