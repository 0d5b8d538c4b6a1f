"""Correct each call of the engine on a Helm release, before and after the official plugin.

The engine's call contains the wanted state, Helm's records the actual one. So for Create and Update alike, an existing
release is upgraded and a missing one is installed. A half-done release is settled first, and the guard waits for one
that another run works on. The deletion of a missing release does nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.guard.answers import create_instead, created, updated
from panda_infra.guard.applications import Applications
from panda_infra.guard.cluster import Call, Cluster
from panda_infra.guard.lease import Lease
from panda_infra.guard.others import as_wanted, owned_in, with_others
from panda_infra.guard.words import (
    deployed_by_others,
    drifted,
    failed,
    found_by_create,
    found_by_diff,
    gone,
    handed_back,
    runs_again,
    waited_for,
)
from panda_infra.helm.failed_jobs import forget_failed_jobs
from panda_infra.helm.others import found as found_of_others
from panda_infra.helm.records import DEPLOYED, Record, histories, read
from panda_infra.helm.rollout import replace_outdated
from panda_infra.helm.settle import settle
from panda_infra.live.drift import deviations
from panda_infra.live.reasons import reasons
from panda_infra.provider.progress import Progress
from panda_infra.state.urns import read_urn

__all__ = ["Releases", "is_release"]

_TYPE = "kubernetes:helm.sh/v3:Release"
_DRIFTED = "drifted"  # not a status of Helm's: the cluster differs from its record
_USUAL_TIMEOUT = 300.0  # seconds; Helm's own
_POLL = 1.0
_REPORT = 5.0  # seconds between two reports on the progress


@dataclass(frozen=True)
class _Release:
    """The release of a call; ``timeout`` is in seconds."""

    urn: str
    namespace: str
    name: str
    timeout: float

    @property
    def stack(self) -> str:
        """The stack of the release."""
        return read_urn(self.urn).stack


def is_release(urn: str) -> bool:
    """True if a resource is a Helm release."""
    return read_urn(urn).type == _TYPE


class Releases:
    """Guards the releases of one cluster.

    ``progress`` returns the receiver of messages about the resource with a URN, ``applications`` are those of Argo CD,
    which may have the same objects.
    """

    def __init__(
        self, progress: Callable[[str], Progress], cluster: Cluster, applications: Applications
    ) -> None:
        self._progress = progress
        self._cluster = cluster
        self._applications = applications
        self._lock = threading.Lock()
        self._leases: dict[tuple[str, str], Lease] = {}
        self._listed: dict[str, dict[str, list[Record]]] = {}

    def read(self, request: wire.ReadRequest, answer: wire.ReadResponse) -> wire.ReadResponse:
        """Return the official answer, which is Helm's record, marked if the cluster differs from it."""
        as_wanted(answer.properties, request.properties)
        as_wanted(answer.inputs, request.inputs)
        release = _of(request.urn, answer.properties)
        seen = self._seen(release)
        api = self._cluster.api
        if not (answer.id and seen and api and seen[-1].status == DEPLOYED):
            return answer
        try:
            content = read(api, seen[-1]) or {}
            found = deviations(api, release.namespace, content)
        except KubernetesError:
            return answer
        if found:
            self._progress(request.urn).warn(drifted(release.name, found))
            _status(answer.properties, "status").string_value = _DRIFTED
        return answer

    def diff(self, request: wire.DiffRequest, answer: wire.DiffResponse) -> wire.DiffResponse:
        """Return the official answer, or an update if the release in Helm or in the cluster is not as it should be."""
        release = _of(request.urn, request.olds)
        seen = self._seen(release)
        if seen is None or answer.replaces:
            return answer
        deployed = bool(seen) and seen[-1].status == DEPLOYED
        known = _status(request.olds, "revision").number_value
        if deployed and known in (0, seen[-1].revision):
            if _status(request.olds, "status").string_value != _DRIFTED:
                return answer
        elif deployed:
            self._progress(request.urn).warn(deployed_by_others(seen[-1], int(known)))
        else:
            self._progress(request.urn).warn(found_by_diff(seen[-1]) if seen else gone(release.name))
        answer.changes = wire.DiffResponse.DIFF_SOME
        answer.diffs.append("status")
        answer.detailedDiff["status"].kind = wire.PropertyDiff.UPDATE
        answer.hasDetailedDiff = True
        return answer

    def create(self, request: wire.CreateRequest, call: Call) -> wire.CreateResponse:
        """Install a release, or upgrade one that a killed run left."""
        release = _of(request.urn, request.properties)
        if request.preview:
            if seen := self._seen(release):
                self._progress(request.urn).warn(found_by_create(seen[-1]))
            elif self._applications.found(release.stack, release.namespace, release.name):
                self._progress(request.urn).warn(handed_back(release.name))
            return created(call, request)
        with self._work(release) as exists:
            self._applications.hand_back(release.stack, release.namespace, release.name, release.timeout)
            if not exists:
                return created(call, request)
            update = wire.UpdateRequest(
                id=f"{release.namespace}/{release.name}",
                urn=request.urn,
                name=request.name,
                type=request.type,
                olds=request.properties,
                news=request.properties,
                timeout=request.timeout,
            )
            done = self._upgraded(release, update, call)
            return wire.CreateResponse(id=update.id, properties=done.properties)

    def update(self, request: wire.UpdateRequest, call: Call) -> wire.UpdateResponse:
        """Upgrade a release, or install it if it is gone."""
        if request.preview:
            return updated(call, request)
        release = _of(request.urn, request.news)
        with self._work(release) as exists:
            if exists:
                return self._upgraded(release, request, call)
            return wire.UpdateResponse(properties=create_instead(call, request))

    def delete(self, request: wire.DeleteRequest, call: Call) -> None:
        """Uninstall a release; does nothing if it is gone. One that Argo CD delivers now only loses its records."""
        release = _of(request.urn, request.properties)
        with self._work(release, deleting=True) as exists:
            if not exists:
                return
            if self._applications.delivers(release.namespace, release.name):
                self._forget(release)
                return
            try:
                call("Delete", request)
            except grpc.RpcError:
                # Helm fails at the end of its work if the record was deleted in the meantime.
                if self._history(release):
                    raise

    def _forget(self, release: _Release) -> None:
        """Delete Helm's records, the oldest first: with the newest left, a repeated call still finds the release."""
        api = self._cluster.api
        for record in self._history(release):
            if api:
                api.call("DELETE", record.path, missing=True)

    def _upgraded(self, release: _Release, request: wire.UpdateRequest, call: Call) -> wire.UpdateResponse:
        """Upgrade an existing release, and keep the values that others own."""
        owned, api = owned_in(request.news), self._cluster.api
        if not (owned and api):
            return updated(call, request)
        records = self._history(release)
        manifest = ((read(api, records[-1]) or {}).get("manifest") or "") if records else ""
        upgrade = wire.UpdateRequest()
        upgrade.CopyFrom(request)
        theirs = with_others(request.news, found_of_others(api, release.namespace, manifest, owned))
        upgrade.news.CopyFrom(theirs)
        done = updated(call, upgrade)
        as_wanted(done.properties, request.news)
        return done

    @contextmanager
    def _work(self, release: _Release, *, deleting: bool = False) -> Iterator[bool]:
        """Settle the release and yield whether it exists; keeps others from working on it meanwhile."""
        api = self._cluster.connected()
        lease = self._lease(api, release)
        lease.begin(release.name)
        finished = False
        try:
            exists = self._settled(api, release, lease)
            with self._reporting(api, release, quiet=deleting):
                yield exists
            finished = True
        except grpc.RpcError as error:
            raise _explained(error, api, release) from error
        finally:
            lease.end(release.name, finished=finished, gone=deleting and finished)

    def _settled(self, api: KubernetesApi, release: _Release, lease: Lease) -> bool:
        """Wait for others, settle the release so that Helm can continue, and return whether it exists."""
        records = self._history(release)
        pause = threading.Event()
        while records and records[-1].is_pending and not _is_left(records[-1], lease, release.timeout):
            self._progress(release.urn).status(waited_for(records[-1], release.timeout))
            pause.wait(_POLL)
            records = self._history(release)
        settle(api, records)
        if records and records[-1].status != DEPLOYED:
            manifest = (read(api, records[-1]) or {}).get("manifest") or ""
            for name in forget_failed_jobs(api, release.namespace, manifest):
                self._progress(release.urn).warn(runs_again(name))
        return bool(records)

    @contextmanager
    def _reporting(self, api: KubernetesApi, release: _Release, *, quiet: bool) -> Iterator[None]:
        """Show what the release waits for while Helm works, because Helm shows nothing."""
        ended = threading.Event()

        def report() -> None:
            while not ended.wait(_REPORT):
                try:
                    # Helm would wait until its time-out for pods of a change that was taken back.
                    replace_outdated(api, release.namespace, release.name)
                    found = reasons(api, release.namespace, release.name)
                except KubernetesError:
                    continue
                if found and not ended.is_set():
                    self._progress(release.urn).status(found[0])

        if not quiet:
            threading.Thread(target=report, daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def _seen(self, release: _Release) -> list[Record] | None:
        """The records at the first look of this run; None if the cluster cannot be asked."""
        api = self._cluster.api
        if api is None:
            return None
        with self._lock:
            if release.namespace not in self._listed:
                try:
                    self._listed[release.namespace] = histories(api, release.namespace)
                except KubernetesError:
                    return None  # the call that needs the cluster reports it
        return self._listed[release.namespace].get(release.name, [])

    def _history(self, release: _Release) -> list[Record]:
        api = self._cluster.api
        return histories(api, release.namespace).get(release.name, []) if api else []

    def _lease(self, api: KubernetesApi, release: _Release) -> Lease:
        key = release.namespace, release.stack
        with self._lock:
            return self._leases.setdefault(key, Lease(api, *key))


def _is_left(record: Record, lease: Lease, timeout: float) -> bool:
    """True if nothing works on a pending release any more: its run is dead, or its time is over."""
    if lease.former and lease.former.covers(record.written):
        return True
    return record.age(lease.now()) > timeout


def _explained(error: grpc.RpcError, api: KubernetesApi, release: _Release) -> grpc.RpcError:
    """The same error with the cluster's reasons in its text."""
    try:
        return failed(error, reasons(api, release.namespace, release.name))
    except KubernetesError:
        return error


def _of(urn: str, properties: Struct) -> _Release:
    # A lookup by brackets would add a missing key without a value, and such an answer ends the engine.
    timeout, namespace, name = (
        properties.fields.get(key) or Value() for key in ("timeout", "namespace", "name")
    )
    return _Release(urn, namespace.string_value, name.string_value, timeout.number_value or _USUAL_TIMEOUT)


def _status(properties: Struct, key: str) -> Value:
    """A field of a release's status in its properties."""
    found: Value = properties.fields["status"].struct_value.fields[key]
    return found
