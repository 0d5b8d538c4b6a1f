"""The ways of commands into a cluster, with the programs of a sandbox in place of pods."""

from __future__ import annotations

import http.client
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from typing_extensions import override

from panda_infra.clients.kubernetes.client import JSON, KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.inside import Answer, Ended, Inside
from testbed.consumers.sandbox import Sandbox

__all__ = ["Programs", "Workloads"]

# On a busy machine the Python of an image alone takes minutes to start.
_PATIENCE = 10
# The API server passes on the Host header of its own caller, which no Service knows.
_HOST = "api.site.org:6443"


class Workloads(KubernetesApi):
    """Every workload has one ready pod of its name."""

    @override
    def answers(self) -> bool:
        return True

    @override
    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = JSON,
    ) -> Any:
        name = path.rpartition("/")[2]
        if name != "pods":
            return {"spec": {"selector": {"matchLabels": {"name": name}}}}
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        status = {**ready, "containerStatuses": [{"containerID": "sandbox://"}]}
        labels = dict(query)["labelSelector"]
        metadata = {"name": labels.partition("=")[2]}
        return {
            "items": [{"metadata": metadata, "spec": {"containers": [{"name": "main"}]}, "status": status}]
        }


class Programs(Inside):
    """Asks the Services of a sandbox, and runs commands in the roots of its pods."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @override
    def answer(self, service: str, port: int, path: str, *, secure: bool, seconds: float) -> Answer:
        if not any(each.name == service and port in each.ports for each in self._sandbox.services):
            raise KubernetesError(f"the stack has no Service {service} with port {port}")
        with closing(_connection(self._sandbox.addresses[service], port, secure, seconds)) as connection:
            try:
                connection.request("GET", path, headers={"Accept": "application/json", "Host": _HOST})
                response = connection.getresponse()
                return Answer(response.status, response.read().decode(errors="replace"))
            except (OSError, http.client.HTTPException) as error:
                raise KubernetesError(f"Service {service}, port {port}: {error}") from None

    @override
    def run(
        self, pod: str, container: str, words: Sequence[str], *, stdin: str = "", seconds: float
    ) -> Ended:
        if (root := self._sandbox.roots.get(pod)) is None:
            raise KubernetesError(f"nothing was started as the pod {pod}")
        environment = {"HOSTNAME": self._sandbox.addresses[pod]}
        try:
            done = root.run(*words, stdin=stdin, environment=environment, seconds=seconds * _PATIENCE)
        except subprocess.TimeoutExpired:
            raise KubernetesError(f"a command in pod {pod} did not end") from None
        return Ended(done.returncode, done.stdout + done.stderr)


def _connection(address: str, port: int, secure: bool, seconds: float) -> http.client.HTTPConnection:
    """A connection as the API server makes it: it verifies no certificate of a Service."""
    if not secure:
        return http.client.HTTPConnection(address, port, timeout=seconds)
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address, port, timeout=seconds, context=trusting)
