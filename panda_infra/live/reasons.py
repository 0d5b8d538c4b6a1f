"""Find the reasons why a release does not become ready, in the cluster's own words.

Helm only reports a time-out. The reasons are in pods, claims and events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.objects import true_conditions
from panda_infra.errors import one_line
from panda_infra.live.masking import texts_of, without

__all__ = ["reasons"]

_INSTANCE = "app.kubernetes.io/instance"
_LOG_LINES = 5
_MOST_REASONS = 20
# Reasons of waiting in every start.
_ORDINARY = frozenset({"ContainerCreating", "PodInitializing"})
_WORKLOADS = ("deployments", "statefulsets", "daemonsets", "replicasets")

Object = Mapping[str, Any]


def reasons(api: KubernetesApi, namespace: str, release: str) -> list[str]:
    """One line for each thing that prevents a release from being ready; empty if none is found.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    found = _Cluster(api, namespace, release)
    lines = [*found.pods(), *found.claims(), *found.workloads(), *found.jobs()]
    return list(dict.fromkeys(lines))[:_MOST_REASONS]


class _Cluster:
    """A release's objects and the events about them, each listed once."""

    def __init__(self, api: KubernetesApi, namespace: str, release: str) -> None:
        self._api = api
        self._inside = f"/namespaces/{namespace}"
        self._release = release
        self._events = _by_object(self._listed("/api/v1", "events"))

    def pods(self) -> Iterator[str]:
        for pod in self._of_release("/api/v1", "pods"):
            status = pod.get("status") or {}
            if status.get("phase") == "Succeeded" or "Ready" in true_conditions(pod):
                continue
            found = [*self._scheduling(pod), *self._containers(pod)]
            yield from found
            if not found:
                words = self._last_event(pod) or "no event shows why"
                yield f"{_called('pod', pod)} is {status.get('phase', 'unknown')} and not ready: {words}"

    def claims(self) -> Iterator[str]:
        for claim in self._of_release("/api/v1", "persistentvolumeclaims"):
            if (claim.get("status") or {}).get("phase") == "Pending":
                words = self._last_event(claim) or "no volume was made for it"
                yield f"{_called('claim', claim)} is Pending: {words}"

    def workloads(self) -> Iterator[str]:
        """Pods that cannot be made, because of a quota, a policy or a webhook."""
        for kind in _WORKLOADS:
            for workload in self._of_release("/apis/apps/v1", kind):
                for event in self._events.get(workload["metadata"].get("uid", ""), ()):
                    if event.get("reason") == "FailedCreate":
                        who, why = _called(kind.removesuffix("s"), workload), one_line(event.get("message"))
                        yield f"{who} makes no pod: {why}"

    def jobs(self) -> Iterator[str]:
        for job in self._of_release("/apis/batch/v1", "jobs"):
            for condition in (job.get("status") or {}).get("conditions") or ():
                if condition["type"] == "Failed" and condition["status"] == "True":
                    yield f"{_called('job', job)} failed: {one_line(condition.get('message'))}"

    def _scheduling(self, pod: Object) -> Iterator[str]:
        for condition in (pod.get("status") or {}).get("conditions") or ():
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                words = f"{condition.get('reason', 'not scheduled')}: {one_line(condition.get('message'))}"
                yield f"{_called('pod', pod)} is {words}"

    def _containers(self, pod: Object) -> Iterator[str]:
        status = pod.get("status") or {}
        for container in [
            *(status.get("initContainerStatuses") or ()),
            *(status.get("containerStatuses") or ()),
        ]:
            state = container.get("state") or {}
            waiting, name = state.get("waiting") or {}, container["name"]
            where = f"{_called('pod', pod)}, container {name}"
            ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated")
            if waiting.get("reason") and waiting["reason"] not in _ORDINARY:
                words = one_line(waiting.get("message")) or self._last_event(pod)
                yield f"{where}: {waiting['reason']}" + (f": {words}" if words else "")
            if ended and ended.get("exitCode"):
                yield from self._crash(pod, name, where, ended, container.get("restartCount", 0))

    def _crash(self, pod: Object, name: str, where: str, ended: Object, restarts: int) -> Iterator[str]:
        reason = ended.get("reason") or "Error"
        yield f"{where} ended with exit code {ended['exitCode']} ({reason}), restarted {restarts} times"
        log = self._log(pod, name)
        if log:
            yield "\n    ".join(["  its last log lines:", *log])

    def _log(self, pod: Object, container: str) -> Sequence[str]:
        """The last log lines of a container, without the values of the Secrets that its pod reads."""
        path = f"/api/v1{self._inside}/pods/{pod['metadata']['name']}/log"
        for previous in ("true", "false"):
            query = [("container", container), ("tailLines", str(_LOG_LINES)), ("previous", previous)]
            try:
                text = self._api.call("GET", path, query=query, accept="text/plain")
                return [without(line, self._secrets(pod)) for line in text.splitlines()]
            except KubernetesError:
                continue
        return ()

    def _secrets(self, pod: Object) -> set[str]:
        names = set(_secret_names(pod["spec"]))
        found = (
            self._api.call("GET", f"/api/v1{self._inside}/secrets/{name}", missing=True) for name in names
        )
        return {text for secret in found for text in texts_of(secret or {})}

    def _last_event(self, involved: Object) -> str:
        events = self._events.get(involved["metadata"].get("uid", ""), ())
        warnings = [event for event in events if event.get("type") == "Warning"] or events
        return f"{warnings[-1].get('reason')}: {one_line(warnings[-1].get('message'))}" if warnings else ""

    def _of_release(self, root: str, kind: str) -> list[Object]:
        return self._listed(root, kind, [("labelSelector", f"{_INSTANCE}={self._release}")])

    def _listed(self, root: str, kind: str, query: Sequence[tuple[str, str]] = ()) -> list[Object]:
        listed = self._api.call("GET", f"{root}{self._inside}/{kind}", query=query, missing=True) or {}
        return listed.get("items") or []


def _by_object(events: Sequence[Object]) -> dict[str, list[Object]]:
    """The events about each object, the newest last."""
    found: dict[str, list[Object]] = {}
    for event in sorted(events, key=_moment):
        found.setdefault((event.get("involvedObject") or {}).get("uid", ""), []).append(event)
    return found


def _moment(event: Object) -> str:
    return str(
        event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )


def _called(kind: str, found: Object) -> str:
    return f"{kind} {found['metadata']['name']}"


def _secret_names(spec: Any) -> Iterator[str]:
    """The names of all Secrets in a pod's specification."""
    if isinstance(spec, Mapping):
        for key, value in spec.items():
            if key in ("secretRef", "secretKeyRef", "secret") and isinstance(value, Mapping):
                yield from (name for name in (value.get("name"), value.get("secretName")) if name)
            else:
                yield from _secret_names(value)
    elif isinstance(spec, list | tuple):
        for item in spec:
            yield from _secret_names(item)
