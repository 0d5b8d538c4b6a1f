"""``python -m bench.umbrella``: measures the stack `ctao` against one umbrella chart with the same charts in it.

CTAO installs DPPS as one chart of many. The stack is brought up on a fresh bed and brought up again without a change;
then Helm installs and upgrades an umbrella of the same charts with the same values and Secrets. Pods become ready after
the same delays in both. The umbrella has no order. On a bed, pods become ready even if what they need is missing, while
real ones would fail and start again: so its measured time is a lower bound. Figures are wall-clock seconds on this
machine; only the ratios can be compared between machines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic.alias_generators import to_camel

from bench.measuring import bare, checked, seconds
from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan, Release
from panda_infra.rules.walk import sub_components
from panda_infra.secrets.generate import revealed, stand_ins
from panda_infra.tree import merged, put
from testbed import charts, instances, prerequisites, site
from testbed.api import Api
from testbed.bed import Bed
from testbed.places import place
from testbed.rehearsal import in_place
from testbed.workspace import PROJECT, Workspace, overridden, shared
from tools import REPOSITORY, toolchain

__all__ = ["Figures", "main", "release_named", "umbrella"]

_STACK_FILE = REPOSITORY / "Pulumi.ctao.yaml"
_COMPONENTS, _SECRETS, _NAMESPACE = (f"{PROJECT}:{name}" for name in ("components", "secrets", "namespace"))
_ROUNDS = 3
_READY_AFTER = "testbed.panda-infra/ready-after"
_NAME = "dpps"
# Rucio's chart gives the pods of its server no annotations.
_WITHOUT = ("rucio", "server")
# Keys of the stack that the umbrella does not have; the site's file asks for them too, so it is left out.
_BESIDE = ("backup", "monitoring", "networkPolicies", "site")
_KINDS = ("secrets", "configmaps", "serviceaccounts", "persistentvolumeclaims")


@dataclass(frozen=True)
class Figures:
    """Seconds of each measured run."""

    fresh_up: float
    unchanged_up: float
    helm_install: float
    helm_upgrade: float

    def ratios(self) -> dict[str, float]:
        """The ratios by name."""
        return {
            "fresh up / helm install --wait of the umbrella": self.fresh_up / self.helm_install,
            "unchanged up / helm upgrade of the umbrella": self.unchanged_up / self.helm_upgrade,
        }


def measure() -> Figures:
    """Run all measurements on a new bed."""
    stack = site.stack_name(_STACK_FILE)
    plan = make_plan(stack, site.configuration(overridden(_STACK_FILE, {})))
    with (
        instances.running(
            "bench-umbrella", nodes=prerequisites.workers(plan), charts=charts.chosen(None)
        ) as bed,
        tempfile.TemporaryDirectory() as scratch,
        place(bed, plan) as where,
    ):
        document = in_place(_STACK_FILE, bed, where)
        for section in _BESIDE:
            document.pop(f"{PROJECT}:{section}", None)
        document[_COMPONENTS] = merged(document[_COMPONENTS], _delays(site.configuration(document)))
        workspace = Workspace(bed.state / "stacks" / stack, stack)
        workspace.create(shared(document, REPOSITORY))
        config = site.configuration(document)
        workspace.encrypt(_SECRETS, revealed(stand_ins(config)))
        fresh_up = seconds(lambda: checked(workspace.unattended("up")))
        unchanged_up = min(
            seconds(lambda: checked(workspace.unattended("up", "--expect-no-changes")))
            for _ in range(_ROUNDS)
        )
        helm = _Helm(bed, Path(scratch), config.namespace)
        helm.keep(plan)
        checked(workspace.unattended("destroy"))
        helm.prepare()
        helm_install = seconds(lambda: helm.deploy("install"))
        helm_upgrade = min(seconds(lambda: helm.deploy("upgrade")) for _ in range(_ROUNDS))
        helm.remove()
    return Figures(fresh_up, unchanged_up, helm_install, helm_upgrade)


def _delays(config: StackConfig) -> dict[str, Any]:
    """The settings by which the pods of each component become ready as late as real ones."""
    late: dict[str, Any] = {}
    for each in sub_components(config):
        name = each.component.name
        if each.runs and (name, each.spec.name) != _WITHOUT:
            after = f"{each.component.usual_seconds}s"
            put(late, (name, to_camel(each.spec.attribute), "annotations", _READY_AFTER), after)
    return late


class _Helm:
    """One release of the umbrella, made by the Helm CLI in the namespace of the stack."""

    def __init__(self, bed: Bed, scratch: Path, namespace: str) -> None:
        self._bed, self._namespace = bed, namespace
        self._folder, self._homes = scratch / "umbrella", scratch
        self._api = Api(bed.kubeconfig)
        self._helm = toolchain.ensure(["helm"]).path("helm")
        self._objects: dict[str, list[dict[str, Any]]] = {}

    def keep(self, plan: Plan) -> None:
        """Make the umbrella of the releases that are there, and keep the objects that they need."""
        (self._folder / "charts").mkdir(parents=True)
        values = {}
        for release in plan.releases:
            values[release.component] = yaml.load(
                self._run("get", "values", release.name, "--output", "yaml"), yaml.CSafeLoader
            )
            umbrella(self._chart(release), self._folder, release)
        (self._folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {_NAME}\nversion: 1.0.0\n")
        (self._folder / "values.yaml").write_text(yaml.safe_dump(values))
        for kind in _KINDS:
            found = self._api.list(f"/api/v1/namespaces/{self._namespace}/{kind}")
            self._objects[kind] = [bare(each) for each in found if not _is_made_otherwise(each)]

    def _chart(self, release: Release) -> Path:
        if release.chart.folder:
            return REPOSITORY / release.chart.folder
        target = self._homes / "pulled" / release.component
        chart = f"{self._bed.chart_repository}/{release.chart.name}"
        version = ("--version", release.chart.version)
        self._run("pull", chart, *version, "--untar", "--untardir", str(target))
        return target / release.chart.name

    def prepare(self) -> None:
        """Make the namespace anew with the objects that were kept."""
        self._api.create("/api/v1/namespaces", {"metadata": {"name": self._namespace}})
        for kind, objects in self._objects.items():
            for each in objects:
                self._api.create(f"/api/v1/namespaces/{self._namespace}/{kind}", each)

    def deploy(self, verb: str) -> None:
        """Install or upgrade the umbrella, and wait for its pods and jobs."""
        self._run(verb, _NAME, str(self._folder), "--wait", "--wait-for-jobs", "--timeout", "10m")

    def remove(self) -> None:
        """Remove all that was made."""
        self._run("uninstall", _NAME, "--wait")
        self._api.delete(f"/api/v1/namespaces/{self._namespace}")

    def _run(self, *arguments: str) -> str:
        access = ("--kubeconfig", str(self._bed.kubeconfig), "--namespace", self._namespace)
        environment = {**os.environ, **charts.helm_homes(self._homes)}
        done = subprocess.run(
            [str(self._helm), *access, *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout


def umbrella(chart: Path, folder: Path, release: Release) -> None:
    """Put a chart into an umbrella as the sub-chart of a component, whose objects keep the names of the release."""
    target = folder / "charts" / release.component
    shutil.copytree(chart, target)
    about = yaml.load((target / "Chart.yaml").read_text(), yaml.CSafeLoader)
    (target / "Chart.yaml").write_text(yaml.safe_dump({**about, "name": release.component}))
    for file in (target / "templates").rglob("*"):
        if file.is_file():
            file.write_text(release_named(file.read_text(), release.name))


def release_named(template: str, release: str) -> str:
    """A template in which a fixed name stands for that of the release, which all sub-charts share."""
    return re.sub(r"\$?\.Release\.Name\b", f'"{release}"', template)


def _is_made_otherwise(item: Mapping[str, Any]) -> bool:
    """True for what a chart, Helm or the cluster makes."""
    metadata = item["metadata"]
    by_helm = "meta.helm.sh/release-name" in (metadata.get("annotations") or {})
    of_cluster = metadata["name"] in ("default", "kube-root-ca.crt") or metadata.get("ownerReferences")
    return by_helm or bool(of_cluster) or item.get("type") == "helm.sh/release.v1"


def main() -> None:
    """Measure and print."""
    figures = measure()
    print(yaml.safe_dump({k: round(v, 2) for k, v in vars(figures).items()}, sort_keys=False), end="")
    for name, ratio in figures.ratios().items():
        print(f"{name}: {ratio:.2f}")


if __name__ == "__main__":
    main()
