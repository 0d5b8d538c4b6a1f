"""Render charts with helm and reduce the objects to what a deployment depends on."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from panda_infra.products.names import Names
from tests.support import fast_yaml
from tests.support.panda import COMPONENTS

__all__ = ["RELEASES", "Objects", "Renderer"]


RELEASES = {name: Names().release(name) for name in COMPONENTS}
"""The releases' names, by chart: those to which the host names in PanDA's Secrets point."""

Objects = Mapping[str, Mapping[str, Any]]
"""Kubernetes objects, made canonical, by "<kind>/<name>" (an extension's by "<kind>.<group>/<name>")."""

_WORKLOADS = ("Deployment", "StatefulSet")
_BUILT_IN_GROUPS = ("", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io")


class Renderer:
    """Renders charts with one helm binary."""

    def __init__(self, helm: Path) -> None:
        self._helm = helm
        self._render = cache(self._render_text)

    def render(self, chart: Path, release: str, values: Mapping[str, Any]) -> Objects:
        """What the chart deploys as a release with these values."""
        return canonical(self.documents(chart, release, values))

    def documents(self, chart: Path, release: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The same objects as the chart writes them."""
        documents = yaml.load_all(self._render(chart, release, fast_yaml.dump(values)), yaml.CSafeLoader)
        return [document for document in documents if document]

    def package(self, chart: Path, folder: Path) -> Path:
        """Package the chart into a folder and return the archive."""
        self._run("package", str(chart), "--destination", str(folder))
        return next(folder.glob("*.tgz"))

    def _render_text(self, chart: Path, release: str, values: str) -> str:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(values)
            file.flush()
            return self._run("template", release, str(chart), "--namespace", "panda", "--values", file.name)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([self._helm, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def canonical(documents: list[dict[str, Any]]) -> Objects:
    """Reduce rendered objects to what a deployment depends on.

    Left out are: the content of ConfigMaps, commands, probes, host names of pods, names of volumes and
    descriptive labels. A mount shows its source itself, a Service's port the container's port.
    """
    ports = {
        (_freeze(document["spec"]["selector"]["matchLabels"]), port["name"]): port["containerPort"]
        for document in documents
        if document["kind"] in _WORKLOADS
        for port in document["spec"]["template"]["spec"]["containers"][0].get("ports") or ()
    }
    objects = {_key(document): _prune(_reduce(document, ports)) for document in documents}
    assert len(objects) == len(documents), "two objects share kind and name"
    return objects


def _key(document: Mapping[str, Any]) -> str:
    group = document["apiVersion"].rpartition("/")[0]
    kind = document["kind"] if group in _BUILT_IN_GROUPS else f"{document['kind']}.{group}"
    return f"{kind}/{document['metadata']['name']}"


def _reduce(document: dict[str, Any], ports: Mapping[tuple[Any, str], int]) -> dict[str, Any]:
    kind = document["kind"]
    if kind == "ConfigMap":
        return {"annotations": document["metadata"].get("annotations")}
    reduced = {
        "apiVersion": document["apiVersion"],
        "annotations": _annotations(document),
        **{key: value for key, value in document.items() if key not in ("apiVersion", "kind", "metadata")},
    }
    if kind in ("PersistentVolume", "PersistentVolumeClaim", "Service", *_WORKLOADS):
        reduced["labels"] = _identity(document["metadata"].get("labels") or {})
    if kind == "Service":
        spec = document["spec"]
        selector = _freeze(spec["selector"])
        reduced["spec"] = spec | {
            "ports": [
                port | {"targetPort": ports.get((selector, port["targetPort"]), port["targetPort"])}
                for port in spec["ports"]
            ]
        }
    if kind in _WORKLOADS:
        reduced["spec"] = _workload(document["spec"])
    if kind == "CronJob":
        for container in document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]:
            del container["command"]
    return reduced


def _annotations(document: Mapping[str, Any]) -> dict[str, Any]:
    """Annotations, where of a snippet of nginx' configuration only its presence counts."""
    annotations = document["metadata"].get("annotations") or {}
    return {key: "..." if key.endswith("-snippet") else value for key, value in annotations.items()}


def _identity(labels: Mapping[str, str]) -> dict[str, str]:
    wanted = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
    return {key: value for key, value in labels.items() if key in wanted}


def _workload(spec: dict[str, Any]) -> dict[str, Any]:
    pod = dict(spec["template"]["spec"])
    volumes = {volume.pop("name"): volume for volume in pod.pop("volumes", None) or ()}
    [container] = pod.pop("containers")
    for noise in ("command", "args", "readinessProbe", "livenessProbe"):
        container.pop(noise, None)
    container["mounts"] = {
        mount.pop("mountPath"): {"source": volumes.get(name := mount.pop("name"), {"perReplica": name})}
        | mount
        for mount in container.pop("volumeMounts")
    }
    pod.pop("hostname", None)
    if pod.get("serviceAccountName") == "default":
        del pod["serviceAccountName"]
    template = {"metadata": spec["template"]["metadata"], "pod": pod, "container": container}
    return spec | {"template": template}


def _prune(value: Any) -> Any:
    """Leave out what is empty, which is the same as absent, except for an empty directory."""
    if isinstance(value, dict):
        pruned = {key: _prune(entry) for key, entry in value.items()}
        return {
            key: entry for key, entry in pruned.items() if entry not in (None, {}, []) or key == "emptyDir"
        }
    if isinstance(value, list):
        return [_prune(entry) for entry in value]
    return value


def _freeze(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))
