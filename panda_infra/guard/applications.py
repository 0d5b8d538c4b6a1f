"""Correct each call of the engine on an Application of Argo CD, before and after the official plugin.

For that plugin an Application is done when it is written. The guard awaits what Argo CD makes of it, shows the
progress, and fails with the message of the resource that prevents it. It knows which objects an Application and a Helm
release have in common, so that each may take over from the other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.argocd.claims import destination_of, mark_claims
from panda_infra.argocd.hand_back import hand_back
from panda_infra.argocd.status import REFRESH, Judgement, judge, problems_of
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.objects import listing
from panda_infra.guard.answers import create_instead, created, updated
from panda_infra.guard.application_drift import changed_by_others, without_status
from panda_infra.guard.cluster import Call, Cluster
from panda_infra.guard.words import handed_over, misses_application, unready
from panda_infra.helm.records import histories
from panda_infra.live.reasons import reasons
from panda_infra.plan.argocd_names import API_VERSION, FINALIZER, STACK
from panda_infra.plan.protection import APPLICATION, KEEP
from panda_infra.provider.progress import Progress
from panda_infra.state.urns import read_urn

__all__ = ["Applications", "is_application"]

_ALL = f"/apis/{API_VERSION}/applications"
_USUAL_NAMESPACE = "argocd"
_USUAL_TIMEOUT = 900.0  # seconds
_POLL = 1.0
_LOOKS_AGAIN = 5.0  # seconds between two requests to Argo CD to look again, after an error
_PATIENCE = 20.0  # seconds in which an error may pass, such as a repository that does not answer

Object = Mapping[str, Any]


@dataclass(frozen=True)
class _Application:
    """The Application of a call; ``release`` and ``target`` are what it deploys and where."""

    urn: str
    name: str
    path: str
    release: str
    target: str
    keep: bool
    timeout: float

    @property
    def place(self) -> tuple[str, str]:
        """The namespace and the name of the release."""
        return self.target, self.release


def is_application(urn: str) -> bool:
    """True if a resource is an Application of Argo CD."""
    return read_urn(urn).type == APPLICATION


class Applications:
    """Guards the Applications of one cluster; ``progress`` returns the receiver of messages about a resource."""

    def __init__(self, progress: Callable[[str], Progress], cluster: Cluster) -> None:
        self._progress = progress
        self._cluster = cluster
        self._delivering: set[tuple[str, str]] = set()
        self._of_helm: set[tuple[str, str]] = set()

    def read(self, request: wire.ReadRequest, answer: wire.ReadResponse) -> wire.ReadResponse:
        """Return the official answer without what Argo CD writes all the time."""
        del request
        without_status(answer.properties)
        return answer

    def diff(self, request: wire.DiffRequest, answer: wire.DiffResponse) -> wire.DiffResponse:
        """Return the official answer, or an update if the Application is gone, changed by others or does not sync."""
        application, api = _of(request.urn, request.news), self._cluster.api
        self._delivering.add(application.place)
        if api is None or answer.replaces:
            return answer
        try:
            live = api.call("GET", application.path, missing=True)
        except KubernetesError:
            return answer  # the call that needs the cluster reports it
        words = _deviation(application, live, _plain(request.olds))
        if not words:
            return answer
        self._progress(request.urn).warn(words)
        answer.changes = wire.DiffResponse.DIFF_SOME
        answer.diffs.append("spec")
        answer.detailedDiff["spec"].kind = wire.PropertyDiff.UPDATE
        answer.hasDetailedDiff = True
        return answer

    def create(self, request: wire.CreateRequest, call: Call) -> wire.CreateResponse:
        """Make an Application and await it; what a Helm release has deployed it takes over as it is."""
        application = _of(request.urn, request.properties, request.timeout)
        self._delivering.add(application.place)
        if request.preview:
            if self._is_of_helm(application):
                self._progress(request.urn).warn(handed_over(application.release))
            return created(call, request)
        made = created(call, request)
        without_status(made.properties)
        self._await(application, made.id, made.properties)
        return made

    def update(self, request: wire.UpdateRequest, call: Call) -> wire.UpdateResponse:
        """Change an Application, or make it again if it is gone, and await it."""
        application = _of(request.urn, request.news, request.timeout)
        self._delivering.add(application.place)
        if request.preview:
            return updated(call, request)
        if self._cluster.connected().call("GET", application.path, missing=True) is None:
            done = wire.UpdateResponse(properties=create_instead(call, request))
        else:
            done = updated(call, request)
        without_status(done.properties)
        self._await(application, request.id, done.properties)
        return done

    def delete(self, request: wire.DeleteRequest, call: Call) -> None:
        """Delete an Application with all that it has deployed, but its data; does nothing if it is gone.

        What a Helm release takes over in this run stays.
        """
        application, api = _of(request.urn, request.properties, request.timeout), self._cluster.connected()
        live = api.call("GET", application.path, missing=True)
        if live is None:
            return
        if application.place in self._of_helm:
            hand_back(api, application.path, within=application.timeout)
            return
        if KEEP in (live["metadata"].get("annotations") or {}):
            mark_claims(api, live, keep=True)
        # A protected stack's Application is without it, so that nobody deletes everything by accident.
        api.call("PATCH", application.path, body={"metadata": {"finalizers": [FINALIZER]}}, missing=True)
        call("Delete", request)

    def delivers(self, namespace: str, release: str) -> bool:
        """True if an Application of this run delivers what a Helm release has deployed."""
        return (namespace, release) in self._delivering

    def found(self, stack: str, namespace: str, release: str) -> str | None:
        """The path of a stack's Application that has deployed a release; None if there is none.

        Raises:
            KubernetesError: the cluster cannot be asked.
        """
        api = self._cluster.api
        for each in _listed(api, stack) if api else ():
            if destination_of(each) == (namespace, release):
                metadata = each["metadata"]
                return _path(metadata["namespace"], metadata["name"])
        return None

    def hand_back(self, stack: str, namespace: str, release: str, timeout: float) -> None:
        """Let a Helm release take over what an Application has deployed; does nothing if there is none."""
        self._of_helm.add((namespace, release))
        if path := self.found(stack, namespace, release):
            hand_back(self._cluster.connected(), path, within=timeout)

    def _await(self, application: _Application, identity: str, properties: Struct) -> None:
        """Wait until Argo CD has deployed an Application as it is now.

        Raises:
            grpc.RpcError: it fails, or does not become ready in time; with the resources' own messages.
        """
        api = self._cluster.connected()
        watch = _Watch(api, application, self._progress(application.urn))
        try:
            problem = watch.until_ready()
        finally:
            live = api.call("GET", application.path, missing=True)
            if live is not None:
                mark_claims(api, live, keep=application.keep)
        if problem:
            raise unready(identity, properties, problem)

    def _is_of_helm(self, application: _Application) -> bool:
        api = self._cluster.api
        try:
            return api is not None and application.release in histories(api, application.target)
        except KubernetesError:
            return False  # the call that needs the cluster reports it


class _Watch:
    """Follows one Application until it is ready or has failed."""

    def __init__(self, api: KubernetesApi, application: _Application, progress: Progress) -> None:
        self._api = api
        self._application = application
        self._progress = progress
        self._deadline = time.monotonic() + application.timeout

    def until_ready(self) -> str:
        """Return what prevents the Application from being ready; empty if it is."""
        began = self._look_again()
        since: float | None = None
        asked, synced_again, pause = time.monotonic(), False, threading.Event()
        while True:
            live = self._api.call("GET", self._application.path, missing=True)
            if live is None:
                return f"Application {self._application.name} was deleted by somebody else"
            found, now = judge(live), time.monotonic()
            if found.done:
                return ""
            since = (since or now) if found.errors else None
            if found.failed:
                if _began(live) != began or synced_again:
                    return self._words(live, found)
                # Argo CD does not try the same again by itself.
                synced_again = True
                self._sync(live)
            elif since and now - since > _PATIENCE:
                return self._words(live, found)
            elif since and now - asked > _LOOKS_AGAIN:
                self._look_again()
                asked = now
            if now > self._deadline:
                return f"after {self._application.timeout:.0f} s {self._words(live, found)}"
            self._progress.status(f"Application {self._application.name} {found.words}")
            pause.wait(_POLL)

    def _look_again(self) -> str:
        """Ask Argo CD to read the repository again; returns the beginning of the last sync."""
        body = {"metadata": {"annotations": {REFRESH: "hard"}}}
        return _began(self._api.call("PATCH", self._application.path, body=body, missing=True) or {})

    def _sync(self, live: Object) -> None:
        policy = live["spec"].get("syncPolicy") or {}
        sync = {
            "revision": ((live.get("status") or {}).get("sync") or {}).get("revision"),
            "prune": True,
            "syncOptions": policy.get("syncOptions") or [],
        }
        operation = {
            "initiatedBy": {"username": "panda-infra"},
            "retry": policy.get("retry") or {},
            "sync": sync,
        }
        self._api.call("PATCH", self._application.path, body={"operation": operation}, missing=True)

    def _words(self, live: Object, found: Judgement) -> str:
        lines = [f"Application {self._application.name} {found.words}", *problems_of(live)]
        with suppress(KubernetesError):  # the first line names what is wrong
            lines += reasons(self._api, self._application.target, self._application.release)
        return "\n  ".join(dict.fromkeys(lines))


def _began(live: Object) -> str:
    return str(((live.get("status") or {}).get("operationState") or {}).get("startedAt") or "")


def _deviation(application: _Application, live: Object | None, before: Object) -> str:
    """The differences of an Application in the cluster from what the last run left; empty if there are none."""
    if live is None:
        return misses_application(application.name)
    if changed := changed_by_others(before, live):
        what = f"somebody else changed {', '.join(changed)} of it"
    else:
        found = judge(live)
        if not (
            found.failed or found.errors or "is OutOfSync" in found.words or "is Degraded" in found.words
        ):
            return ""
        what = f"it {found.words}"
    return f"Application {application.name} differs from the stack file: {what}; `pulumi up` restores it"


def _listed(api: KubernetesApi, stack: str) -> list[Object]:
    """The Applications of a stack; none for a user who may look into no namespace of Argo CD's."""
    labels = f"{STACK}={stack}"
    found = listing(api, _ALL, labels=labels)
    if found.refused:
        found = listing(api, _path(_USUAL_NAMESPACE, "").rstrip("/"), labels=labels)
    return [dict(each) for each in found.items]


def _of(urn: str, properties: Struct, timeout: float = 0) -> _Application:
    plain = _plain(properties)
    metadata = plain["metadata"]
    target, release = destination_of(plain)
    return _Application(
        urn=urn,
        name=metadata["name"],
        path=_path(metadata["namespace"], metadata["name"]),
        release=release,
        target=target,
        keep=KEEP in (metadata.get("annotations") or {}),
        timeout=timeout or _USUAL_TIMEOUT,
    )


def _path(namespace: str, name: str) -> str:
    return f"/apis/{API_VERSION}/namespaces/{namespace}/applications/{name}"


def _plain(properties: Struct) -> dict[str, Any]:
    plain: dict[str, Any] = MessageToDict(properties)
    return plain
