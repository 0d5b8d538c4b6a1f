"""The pods of a stack's parts: which are ready, and whether anything runs in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import items, true_conditions
from panda_infra.errors import NotAskedError, WrongError
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.model import Plan
from panda_infra.products.model import SubComponentSpec
from panda_infra.products.registry import COMPONENTS

__all__ = ["Pod", "Pods"]

_KINDS = {"Deployment": "deployments", "StatefulSet": "statefulsets"}
_ENDED = ("Succeeded", "Failed")
_INSTANCE = "app.kubernetes.io/instance"
_SIMULATED = "is simulated: nothing runs in its pods"

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod in which something runs, and its first container."""

    name: str
    container: str


class Pods:
    """Asks for the pods of a plan's parts, each COMPONENT/SUB-COMPONENT; safe for threads."""

    def __init__(self, api: KubernetesApi, plan: Plan) -> None:
        self.plan = plan
        self._api = api
        self._inside = f"namespaces/{plan.config.namespace}"

    def one(self, part: str) -> Pod:
        """A ready pod of a part, in which something runs.

        Raises:
            NotAskedError: the stack does not deploy the part, or simulates it.
            WrongError: no pod is ready.
        """
        pods = [pod for pod in self._pods(self._workload(part, self._deployed(part))) if _is_ready(pod)]
        if not pods:
            raise WrongError(f"no pod of {part} is ready")
        for pod in pods:
            if _runs(pod):
                return Pod(pod["metadata"]["name"], pod["spec"]["containers"][0]["name"])
        raise NotAskedError(f"{part} {_SIMULATED}")

    def must_run(self, part: str) -> None:
        """Refuse to go on if the stack simulates a part; one that is elsewhere or not ready is no obstacle.

        Raises:
            NotAskedError: it is simulated.
        """
        component, _, name = part.partition("/")
        if self._sub(component, name) is not None and self._is_simulated(part):
            raise NotAskedError(f"{part}, which it needs, {_SIMULATED}")

    def any_runs(self, component: str) -> None:
        """Refuse to go on if all parts of a component are simulated.

        Raises:
            NotAskedError: they are.
        """
        parts = [f"{component}/{sub.name}" for sub in self._subs(component) if sub.workload != "Job"]
        if parts and all(self._is_simulated(part) for part in parts):
            raise NotAskedError(f"{component} {_SIMULATED}")

    def some_run(self) -> None:
        """Refuse to go on if every component is simulated.

        Raises:
            NotAskedError: they all are.
        """
        for component in self.plan.config.components.deployed():
            with suppress(NotAskedError):
                self.any_runs(component)
                return
        raise NotAskedError(f"every component {_SIMULATED}")

    def all_run(self, part: str) -> str:
        """Words about the pods of a part, all of which are ready, or about its job, which has succeeded.

        Raises:
            NotAskedError: the part is simulated.
            WrongError: a pod is missing, not ready or of a former description, or the job has not succeeded.
        """
        sub = self._deployed(part)
        if sub.workload == "Job":
            return self._job(part)
        workload = self._workload(part, sub)
        wanted = workload["spec"].get("replicas", 1)
        ready = [pod for pod in self._pods(workload) if _is_ready(pod)]
        words = f"{len(ready)} of {wanted} pods are ready"
        if not wanted or len(ready) < wanted:
            raise WrongError(words)
        if not _is_rolled_out(workload, wanted):
            raise WrongError(f"{words}, but some of them are former ones: the newest do not become ready")
        if not any(map(_runs, ready)):
            raise NotAskedError(f"{part} {_SIMULATED}")
        return words

    def left(self, part: str) -> list[str]:
        """The names of the pods of a part that have not ended, even if what made them is gone."""
        sub, release = self._deployed(part), self.plan.names.release(part.partition("/")[0])
        pods = items(self._api, f"/api/v1/{self._inside}/pods", labels=_selector(sub.pod_labels(release)))
        return [
            pod["metadata"]["name"] for pod in pods if (pod.get("status") or {}).get("phase") not in _ENDED
        ]

    def _job(self, part: str) -> str:
        release = self.plan.names.release(part.partition("/")[0])
        label = f"{_INSTANCE}={release}"
        jobs = items(self._api, f"/apis/batch/v1/{self._inside}/jobs", labels=label)
        if not jobs:
            raise WrongError("the job is not there")
        newest = max(jobs, key=lambda job: str(job["metadata"].get("creationTimestamp")))
        states = true_conditions(newest)
        if "Complete" not in states:
            raise WrongError("the job has failed" if "Failed" in states else "the job has not ended yet")
        pods = items(self._api, f"/api/v1/{self._inside}/pods", labels=label)
        if pods and not any(map(_runs, pods)):
            raise NotAskedError(f"{part} {_SIMULATED}")
        return "the job has succeeded"

    def _is_simulated(self, part: str) -> bool:
        try:
            pods = self._pods(self._workload(part, self._deployed(part)))
        except WrongError:
            return False
        return bool(pods) and not any(map(_runs, pods))

    def _deployed(self, part: str) -> SubComponentSpec:
        component, _, name = part.partition("/")
        sub = self._sub(component, name)
        if sub is None:
            raise NotAskedError(f"{part} is not part of this stack", absent=True)
        return sub

    def _sub(self, component: str, name: str) -> SubComponentSpec | None:
        return next((sub for sub in self._subs(component) if sub.name == name), None)

    def _subs(self, component: str) -> Iterator[SubComponentSpec]:
        deployed = self.plan.config.components.deployed().get(component)
        if deployed is not None:
            yield from (sub for sub, _ in enabled_sub_components(COMPONENTS[component], deployed))

    def _workload(self, part: str, sub: SubComponentSpec) -> Object:
        component, _, name = part.partition("/")
        called = self.plan.names.workload(component, name)
        path = f"/apis/apps/v1/{self._inside}/{_KINDS[sub.workload]}/{called}"
        found: Object | None = self._api.call("GET", path, missing=True)
        if found is None:
            raise WrongError(f"{sub.workload} {called} is not there")
        return found

    def _pods(self, workload: Object) -> Sequence[Object]:
        labels = _selector(workload["spec"]["selector"]["matchLabels"])
        return [
            pod
            for pod in items(self._api, f"/api/v1/{self._inside}/pods", labels=labels)
            if "deletionTimestamp" not in pod["metadata"]
        ]


def _selector(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _is_rolled_out(workload: Object, wanted: int) -> bool:
    """True if every pod has the newest template: old pods stay ready beside a new one that never becomes ready."""
    status = workload.get("status") or {}
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 0):
        return False
    updated = int(status.get("updatedReplicas") or 0)
    return updated >= max(wanted, int(status.get("replicas") or 0))


def _is_ready(pod: Object) -> bool:
    return "Ready" in true_conditions(pod)


def _runs(pod: Object) -> bool:
    """True if a container runtime has given a container an id: where pods are simulated there is none."""
    return any(each.get("containerID") for each in (pod.get("status") or {}).get("containerStatuses") or ())
