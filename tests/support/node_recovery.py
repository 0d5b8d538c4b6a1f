"""The controller as its Deployment runs it: the ConfigMap's program, its environment, its own token."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panda_infra.plan.node_recovery import NAME
from testbed import control_plane as plane
from testbed import waiting
from testbed.api import Api, Object
from testbed.bed import Bed

__all__ = ["Pod", "out_of_service", "pods", "running"]

_TAINT = "node.kubernetes.io/out-of-service"


@dataclass(frozen=True)
class Pod:
    """A process in the place of one of the Deployment's pods."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> list[str]:
        """Its lines so far, without their times."""
        return [line.partition(" ")[2] for line in self.log.read_text().splitlines()]

    def await_line(self, text: str, seconds: float) -> None:
        """Wait until a line contains a text; an early end is an error."""

        def reported() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return any(text in line for line in self.said())

        waiting.until(reported, f"{self.name} saying {text!r}", seconds)


def pods(bed: Bed, namespace: str) -> list[Object]:
    """The pods of the Deployment."""
    listed = Api(bed.kubeconfig).list(f"/api/v1/namespaces/{namespace}/pods")
    return [pod for pod in listed if pod["metadata"]["labels"].get("app.kubernetes.io/name") == NAME]


def out_of_service(bed: Bed) -> list[str]:
    """The names of the nodes that carry the taint."""
    return [
        node["metadata"]["name"]
        for node in Api(bed.kubeconfig).list("/api/v1/nodes")
        if any(taint["key"] == _TAINT for taint in node["spec"].get("taints") or ())
    ]


@contextmanager
def running(bed: Bed, namespace: str, folder: Path, pod: str, **changed: str) -> Iterator[Pod]:
    """The program of a pod of the Deployment, until the end of the context; ``changed`` replaces its variables."""
    api = Api(bed.kubeconfig)
    inside = f"/api/v1/namespaces/{namespace}"
    deployment = api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{NAME}")
    spec = deployment["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    place = folder / pod
    _unpacked(api.get(f"{inside}/configmaps/{NAME}")["data"], spec, place / "program")
    account = place / "account"
    account.mkdir()
    token = api.create(f"{inside}/serviceaccounts/{spec['serviceAccountName']}/token", {"spec": {}})
    (account / "token").write_text(token["status"]["token"])
    files = plane.Files(bed.state)
    (account / "ca.crt").write_bytes((files.pki / "ca.crt").read_bytes())
    host, port = (files.join / "url").read_text().removeprefix("https://").split(":")
    fields = {"metadata.namespace": namespace, "metadata.name": pod}
    log = place / "log"
    environment = {
        **{each["name"]: each.get("value") or _field(each, fields) for each in container["env"]},
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
        "SERVICE_ACCOUNT": str(account),
        "PYTHONPATH": str(place / "program"),
        **changed,
    }
    with log.open("wb") as output:
        # Without the packages of this virtualenv, as in the image.
        process = subprocess.Popen(
            [sys.executable, "-S", *container["command"][1:]],
            env=environment,
            cwd="/",
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Pod(pod, process, log)
    finally:
        process.terminate()
        process.wait(timeout=15)


def _unpacked(data: Mapping[str, str], spec: Mapping[str, Any], place: Path) -> None:
    """The ConfigMap's files where its volume has them."""
    program = next(each for each in spec["volumes"] if each["name"] == "program")
    for item in program["configMap"]["items"]:
        file = place / item["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data[item["key"]])


def _field(variable: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    return fields[variable["valueFrom"]["fieldRef"]["fieldPath"]]
