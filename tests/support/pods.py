"""Pods that really run: what they are and the output of a command in one of them."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterable
from contextlib import suppress

from kubernetes import client, config
from kubernetes.stream import stream

from testbed import waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.real.gateway import dial
from testbed.real.machines import Files
from testbed.status import condition


def secret(bed: Bed, namespace: str, name: str) -> dict[str, str]:
    """The texts of a Secret."""
    data = Api(bed.kubeconfig).get(f"/api/v1/namespaces/{namespace}/secrets/{name}")["data"]
    return {key: base64.b64decode(text).decode() for key, text in data.items()}


def running(bed: Bed, namespace: str, nodes: Iterable[str]) -> dict[str, str]:
    """The pods on these nodes that are not being ended, and their conditions, by the name of their container."""
    wanted = set(nodes)
    return {
        pod["spec"]["containers"][0]["name"]
        + " of "
        + pod["metadata"]["labels"]["app.kubernetes.io/instance"]: (condition(pod))
        for pod in Api(bed.kubeconfig).list(f"/api/v1/namespaces/{namespace}/pods")
        if pod["spec"].get("nodeName") in wanted and "deletionTimestamp" not in pod["metadata"]
    }


def connected(bed: Bed, namespace: str, service: str, port: int) -> socket.socket:
    """A connection to a Service, as soon as its address leads to a pod."""
    address = Api(bed.kubeconfig).get(f"/api/v1/namespaces/{namespace}/services/{service}")["spec"][
        "clusterIP"
    ]
    made: list[socket.socket] = []

    def reached() -> bool:
        with suppress(ConnectionError):
            made.append(dial(Files(bed.state).socket, address, port))
        return bool(made)

    waiting.until(reached, f"the Service {service}", 20)
    return made[0]


def run_in(bed: Bed, namespace: str, selector: str, *command: str) -> str:
    """The output of a command in the one pod that the labels select."""
    made = config.new_client_from_config(str(bed.kubeconfig), persist_config=False)
    core = client.CoreV1Api(made)
    [pod] = core.list_namespaced_pod(namespace, label_selector=selector).items
    answer: str = stream(
        core.connect_get_namespaced_pod_exec,
        pod.metadata.name,
        namespace,
        command=list(command),
        stderr=True,
        stdin=False,
        stdout=True,
        tty=False,
        _request_timeout=60,
    )
    return answer
