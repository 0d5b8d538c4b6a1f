"""Runs of a Job to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.objects import true_conditions
from panda_infra.errors import PandaInfraError
from panda_infra.live.outage import look, make
from panda_infra.live.reasons import reasons

__all__ = ["Finished", "run_to_end"]

Object = Mapping[str, Any]
_JOBS = "/apis/batch/v1/namespaces/{}/jobs"
_PODS = "/api/v1/namespaces/{}/pods"
_PAUSE = 1.0


@dataclass(frozen=True)
class Finished:
    """A Job that has succeeded; ``log`` is that of its last container, None if it cannot be read."""

    name: str
    log: str | None


def run_to_end(
    api: KubernetesApi,
    job: Object,
    *,
    seconds: float,
    started: Callable[[str], None] = lambda _name: None,
) -> Finished:
    """Make a Job and wait for its end.

    Args:
        api: of the cluster.
        job: with name and namespace; its pods have the name as the label `app.kubernetes.io/instance`.
        seconds: until the wait is given up; the Job itself goes on.
        started: gets the Job's name when it is made.

    Raises:
        PandaInfraError: it failed or takes too long; the message contains the reasons in the cluster's words.
    """
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    path = _JOBS.format(namespace)
    make(api, path, job)
    started(name)
    deadline = time.monotonic() + seconds
    while True:
        ended = true_conditions(look(api, f"{path}/{name}", deadline))
        if "Complete" in ended:
            return Finished(name, _log(api, namespace, name, job))
        if "Failed" in ended:
            raise PandaInfraError(_reported(f"job {name} failed", reasons(api, namespace, name)))
        if time.monotonic() > deadline:
            what = f"job {name} has not ended after {seconds:.0f} s; it goes on"
            raise PandaInfraError(_reported(what, reasons(api, namespace, name)))
        time.sleep(_PAUSE)


def _reported(what: str, lines: list[str]) -> str:
    return "\n  - ".join([what + (":" if lines else ""), *lines])


def _log(api: KubernetesApi, namespace: str, name: str, job: Object) -> str | None:
    container = job["spec"]["template"]["spec"]["containers"][-1]["name"]
    query = [("labelSelector", f"app.kubernetes.io/instance={name}")]
    pods = (api.call("GET", _PODS.format(namespace), query=query) or {}).get("items") or []
    for pod in pods:
        if (pod.get("status") or {}).get("phase") != "Succeeded":
            continue
        path = f"{_PODS.format(namespace)}/{pod['metadata']['name']}/log"
        try:
            text = api.call("GET", path, query=[("container", container)], accept="text/plain")
        except KubernetesError:
            return None
        return str(text)
    return None
