"""``python -m bench.deploy [--charts CHECKOUT]``: measures the program's time as ratios within one run.

Every pod of the local stack becomes ready after a fixed delay; then Helm installs the same charts with the same values
and delays, one after another. Steps that change nothing are measured several times, and the shortest time counts;
previews are measured in turns, so that a machine that becomes slower affects both sides of a ratio. Figures are
wall-clock seconds on this machine; only the ratios can be compared between machines.

A preview is compared with that of an empty program that waits until the Kubernetes plugin has read the cluster's API,
as every program with a resource must. Without the wait the engine ends before that; that ratio is printed too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.measuring import bare, checked, seconds
from panda_infra.plan.order import critical_path
from panda_infra.products.names import Names
from panda_infra.products.registry import components_of, product_of_experiment
from testbed import charts, instances, stacks
from testbed.api import Api, ApiError
from testbed.bed import Bed
from testbed.workspace import Workspace
from tools import toolchain

COMPONENTS = components_of(product_of_experiment("local"))
"""The components of the stack `local`."""
# Seconds until the pods of each component are ready: the magnitude of its containers' start, without image pulls.
DELAYS = {name: spec.usual_seconds for name, spec in COMPONENTS.items()}
GOALS = {
    "fresh up / helm install one after another": 0.6,
    "fresh up / critical path of the delays": 1.15,
    "unchanged up / helm upgrade one after another": 0.35,
    "preview / preview of an empty program": 1.8,
}
_ROUNDS = 10
_NAMESPACE = "bench"
_EMPTY_PROGRAM = """
import pathlib
import pulumi
from panda_infra.cluster.handle import kubernetes_provider

kubeconfig = pathlib.Path({kubeconfig!r}).read_text()
provider = kubernetes_provider(kubeconfig=kubeconfig, identifier="empty")
"""
# Any call of the plugin would do.
_LOADED = """
pulumi.runtime.invoke("kubernetes:yaml:decode", {"text": ""}, pulumi.InvokeOptions(provider=provider))
"""


@dataclass(frozen=True)
class Figures:
    """Seconds of each measured run."""

    first_preview: float
    preview: float
    empty_preview: float
    unwaiting_preview: float
    fresh_up: float
    unchanged_up: float
    helm_install: float
    helm_upgrade: float

    def ratios(self) -> dict[str, float]:
        """The ratios by name; some have goals."""
        path, _ = critical_path(COMPONENTS, DELAYS)
        return {
            "fresh up / helm install one after another": self.fresh_up / self.helm_install,
            "fresh up / critical path of the delays": self.fresh_up / path,
            "unchanged up / helm upgrade one after another": self.unchanged_up / self.helm_upgrade,
            "preview / preview of an empty program": self.preview / self.empty_preview,
            "first preview / preview of an empty program": self.first_preview / self.empty_preview,
            "preview / preview that does not wait for the plugin": self.preview / self.unwaiting_preview,
        }


def sections(deployed: Collection[str]) -> dict[str, Any]:
    """The sections of the local stack with the delays."""
    components: dict[str, Any] = {
        name: {
            sub.name: {"annotations": {"testbed.panda-infra/ready-after": f"{DELAYS[name]}s"}}
            for sub in spec.sub_components
        }
        for name, spec in COMPONENTS.items()
        if name in deployed
    }
    components["iam"]["mariadb"] = {"enabled": False}
    return {"panda-infra:namespace": _NAMESPACE, "panda-infra:components": components}


def measure(folders: Sequence[Path]) -> Figures:
    """Run all measurements with these charts on a new bed."""
    # Not every component has a chart of upstream's.
    deployed = [name for name in COMPONENTS if name in {folder.name for folder in folders}]
    with (
        instances.running("bench", charts=folders) as bed,
        tempfile.TemporaryDirectory() as scratch,
    ):
        workspace = stacks.local(bed, bed.state / "stacks" / "bench", sections(deployed))
        empty = _empty_program(bed, "empty", then=_LOADED)
        unwaiting = _empty_program(bed, "unwaiting", then="")
        helm = Helm(bed, Path(scratch), deployed)
        (first_preview,) = _in_turns(lambda: checked(workspace.preview()))
        fresh_up = seconds(lambda: checked(workspace.up()))
        helm.take_over_values()
        preview, empty_preview, unwaiting_preview = _in_turns(
            lambda: checked(workspace.preview()),
            lambda: checked(empty.preview()),
            lambda: checked(unwaiting.preview()),
        )
        (unchanged_up,) = _in_turns(lambda: checked(workspace.up("--expect-no-changes")))
        pods = helm.pods()
        helm.each("upgrade")
        if helm.pods() != pods:
            raise SystemExit("helm upgrade has replaced pods: it was not given what the program gives")
        checked(workspace.destroy())
        # Helm gets its own releases, because the program would notice a foreign upgrade of its releases.
        helm.prepare_namespace()
        helm_install = seconds(lambda: helm.each("install"))
        (helm_upgrade,) = _in_turns(lambda: helm.each("upgrade"))
    return Figures(
        first_preview,
        preview,
        empty_preview,
        unwaiting_preview,
        fresh_up,
        unchanged_up,
        helm_install,
        helm_upgrade,
    )


def _in_turns(*actions: Callable[[], object]) -> list[float]:
    """The shortest time of each action."""
    rounds = [[seconds(action) for action in actions] for _ in range(_ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


class Helm:
    """The same releases, made by the Helm CLI."""

    def __init__(self, bed: Bed, scratch: Path, components: Sequence[str]) -> None:
        self._bed = bed
        self._components = components
        self._scratch = scratch
        self._api = Api(bed.kubeconfig)
        self._helm = toolchain.ensure(["helm"]).path("helm")
        self._objects: dict[str, list[dict[str, Any]]] = {}

    def take_over_values(self) -> None:
        """Save each release's values, and the objects that the releases need."""
        for component in self._components:
            values = self._run("get", "values", _release(component), "--output", "yaml")
            self._values(component).write_text(values)
        base = f"/api/v1/namespaces/{_NAMESPACE}"
        for kind, mine in _NEEDED.items():
            self._objects[kind] = [bare(item) for item in self._api.list(f"{base}/{kind}") if mine(item)]

    def prepare_namespace(self) -> None:
        """Make a new namespace with those objects."""
        with suppress(ApiError):
            self._api.create("/api/v1/namespaces", {"metadata": {"name": _NAMESPACE}})
        for kind, objects in self._objects.items():
            for item in objects:
                self._api.create(f"/api/v1/namespaces/{_NAMESPACE}/{kind}", item)

    def each(self, verb: str) -> None:
        """Install or upgrade every release, each awaited before the next."""
        for component in self._components:
            version = COMPONENTS[component].version
            chart = f"{self._bed.chart_repository}/{component}"
            values = str(self._values(component))
            self._run(verb, _release(component), chart, "--version", version, "--values", values, "--wait")

    def pods(self) -> set[str]:
        """The UIDs of the releases' pods, without those of CronJobs, which keep making new ones."""
        return {
            pod["metadata"]["uid"]
            for pod in self._api.list(f"/api/v1/namespaces/{_NAMESPACE}/pods")
            if not any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ()))
        }

    def _values(self, component: str) -> Path:
        return self._scratch / f"{component}.yaml"

    def _run(self, *arguments: str) -> str:
        command = [
            str(self._helm),
            "--kubeconfig",
            str(self._bed.kubeconfig),
            "--namespace",
            _NAMESPACE,
            *arguments,
        ]
        environment = {**os.environ, **charts.helm_homes(self._scratch)}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


_NEEDED: Mapping[str, Callable[[dict[str, Any]], bool]] = {
    "secrets": lambda item: item["metadata"]["name"].startswith("panda-secrets-"),
    "persistentvolumeclaims": lambda item: item["metadata"]["name"] == "panda-shared-logs",
}


def _release(component: str) -> str:
    return Names().release(component)


def _empty_program(bed: Bed, name: str, *, then: str) -> Workspace:
    workspace = Workspace(bed.state / "stacks" / name, name)
    workspace.create({})
    program = workspace.folder / "__main__.py"
    program.unlink()
    program.write_text(_EMPTY_PROGRAM.format(kubeconfig=str(bed.kubeconfig)) + then)
    return workspace


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.deploy")
    parser.add_argument(
        "--charts", type=Path, metavar="CHECKOUT", help="of the real charts, to measure those"
    )
    figures = measure(charts.chosen(parser.parse_args(arguments).charts))
    length, path = critical_path(COMPONENTS, DELAYS)
    print(yaml.safe_dump({k: round(v, 2) for k, v in vars(figures).items()}, sort_keys=False), end="")
    print(f"critical path: {length:.0f} s ({' -> '.join(path)}); sum of the delays: {sum(DELAYS.values())} s")
    for name, ratio in figures.ratios().items():
        print(f"{name}: {ratio:.2f}{_verdict(ratio, GOALS.get(name))}")


def _verdict(ratio: float, goal: float | None) -> str:
    if goal is None:
        return ""
    return f" (goal: at most {goal}, {'reached' if ratio <= goal else 'MISSED'})"


if __name__ == "__main__":
    main(sys.argv[1:])
