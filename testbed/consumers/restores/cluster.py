"""Enough of the API for Jobs: each one runs to its end, in the sandbox, when it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from panda_infra.clients.kubernetes.client import JSON, KubernetesApi
from panda_infra.config.node_recovery import PYTHON_IMAGE
from testbed.consumers.pods import Container, containers
from testbed.consumers.sandbox import Sandbox
from testbed.errors import BedError
from testbed.real.software import MARIADB, POSTGRES, RUCIO, Software

__all__ = ["IMAGES", "Cluster"]

# Of Rucio's image only its Python is used.
IMAGES: tuple[Software, ...] = (POSTGRES, MARIADB, RUCIO)
_NOBODY = "65534:65534"
_PATH = "/usr/lib/postgresql/15/bin:/opt/rucio/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Object = dict[str, Any]


class Cluster(KubernetesApi):
    """The objects of a stack, and the Jobs that were made of them.

    ``objects`` may be changed between Jobs, ``logs`` has everything that they printed.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.objects: list[Object] = deepcopy([dict(each) for each in sandbox.objects])
        self.logs: list[str] = []
        self._sandbox = sandbox
        self._pods: dict[str, Object] = {}
        self._printed: dict[tuple[str, str], str] = {}

    def object(self, kind: str, name: str) -> Object:
        """An object of the stack, to change."""
        return next(
            each for each in self.objects if each["kind"] == kind and each["metadata"]["name"] == name
        )

    def answers(self) -> bool:
        """Return True: this cluster always answers."""
        return True

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,  # noqa: ARG002 - what is not here is missing
        accept: str = JSON,  # noqa: ARG002 - each path has one form
    ) -> Any:
        """Answer the requests that Jobs of backups need."""
        if method == "POST" and body is not None:
            self._run(dict(body))
            return body
        asked = dict(query)
        answer: Any = None
        match path.split("/"):
            case [*_, "cronjobs", name]:
                answer = deepcopy(self.object("CronJob", name))
                answer["metadata"]["uid"] = f"uid-of-{name}"
            case [*_, "secrets", name]:
                answer = self.object("Secret", name)
            case [*_, "jobs", name]:
                done = self._pods[name]["status"]["phase"] == "Succeeded"
                condition = {"type": "Complete" if done else "Failed", "status": "True"}
                answer = {"status": {"conditions": [condition]}}
            case [*_, "pods"]:
                wanted = asked["labelSelector"].partition("=")[2]
                answer = {"items": [pod for job, pod in self._pods.items() if job == wanted]}
            case [*_, name, "log"]:
                answer = self._printed[name, asked["container"]]
        return answer

    def _run(self, job: Object) -> None:
        name = job["metadata"]["name"]
        work = Path(self._sandbox.folder, f"work-of-{name}")
        work.mkdir()
        work.chmod(0o777)
        states: list[Any] = []
        for container in containers([job, *self.objects]):
            if container.workload != name:
                continue
            code = self._container(container, work)
            states.append({"name": container.name, "state": {"terminated": {"exitCode": code}}})
            if code:
                break
        phase = "Failed" if states[-1]["state"]["terminated"]["exitCode"] else "Succeeded"
        spec = job["spec"]["template"]["spec"]
        status = {"phase": phase, "containerStatuses": states}
        self._pods[name] = {"metadata": {"name": name}, "spec": spec, "status": status}

    def _container(self, container: Container, work: Path) -> int:
        """Run a container as its pod would: as an unprivileged user, in a read-only root."""
        name = f"{container.workload}-{container.name}"
        root = self._sandbox.root(_software(container.image), container, name=name)
        self._sandbox.mounted(root, {"/work": work})
        done = root.run(*container.command, user=_NOBODY, environment={"PATH": _PATH, "HOME": "/"})
        self._printed[container.workload, container.name] = done.stdout + done.stderr
        self.logs.append(done.stdout + done.stderr)
        return done.returncode


def _software(image: str) -> Software:
    if image == PYTHON_IMAGE:
        return RUCIO
    repository = image.rpartition(":")[0]
    for software in (POSTGRES, MARIADB):
        if repository in software.repositories:
            return software
    raise BedError(f"nothing replaces the image {image}")
