"""Enough of the API for Clusters and Jobs that count them: each works at once, in the sandbox, by its description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from subprocess import CompletedProcess
from typing import Any

from panda_infra.clients.kubernetes.client import JSON, KubernetesApi
from panda_infra.plan.postgres import ARCHIVE_SECRET
from testbed.consumers import postgres
from testbed.consumers.restores import archive
from testbed.consumers.restores.archive import ADMIN, Archive, Object
from testbed.consumers.sandbox import Program, Root, Sandbox
from testbed.errors import BedError
from testbed.real.software import POSTGRES_ARCHIVED

__all__ = ["Operator", "begin"]

_AUTO = f"{postgres.DATA}/postgresql.auto.conf"
_WORK = "/srv/count"


@dataclass
class Operator(KubernetesApi):
    """The live servers' archive, and the servers that were recovered from it.

    ``roots`` are those of recovered servers by their names, ``failures`` the ends of those that could not be, and
    ``deleted`` the names of those that were deleted.
    """

    sandbox: Sandbox
    live: Archive
    server: str
    roots: dict[str, Root] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    _running: dict[str, Program] = field(default_factory=dict)
    _counted: dict[str, CompletedProcess[str]] = field(default_factory=dict)

    def found(self, kind: str) -> list[Object]:
        """The objects of a kind that the stack makes."""
        return [each for each in self.sandbox.objects if each["kind"] == kind]

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
        """Answer the requests that a recovery and its drill need."""
        if method == "POST" and body is not None:
            self._count(body) if body["kind"] == "Job" else self._recover(body)
            return body
        kind, name = path.split("/")[-2:]
        answer: Any = None
        if method == "DELETE":
            self._delete(name)
        elif (kind, name) == ("objectstores", ARCHIVE_SECRET):
            # The plugin keeps the window of an archive in this form.
            window = {"firstRecoverabilityPoint": self.live.listed()[1]}
            answer = {"status": {"serverRecoveryWindow": {self.server: window}}}
        elif kind == "jobs":
            kinds = "Failed" if self._counted[name].returncode else "Complete"
            answer = {"status": {"conditions": [{"type": kinds, "status": "True"}]}}
        elif name == "pods":
            answer = {"items": list(self._pods(dict(query)["labelSelector"]))}
        elif name == "log":
            answer = self._counted[kind].stdout + self._counted[kind].stderr
        elif name in self.failures:
            answer = {"status": {"phase": self.failures[name]}}
        elif name in self.roots:
            ready = {"conditions": [{"type": "Ready", "status": "True"}]}
            answer = {"kind": "Cluster", "metadata": {"name": name, "uid": name}, "status": ready}
        return answer

    def _pods(self, selector: str) -> Iterator[Object]:
        """The pod of servers or of a Job, by the first label that it is asked for."""
        name = selector.partition(",")[0].partition("=")[2]
        if name in self.roots:
            containers = [{"name": "postgres", "image": "registry/postgres:15"}]
            yield {"metadata": {"name": name}, "spec": {"containers": containers}}
        if done := self._counted.get(name):
            ended = {"terminated": {"exitCode": done.returncode}}
            status = {
                "phase": "Failed" if done.returncode else "Succeeded",
                "containerStatuses": [{"name": "count", "state": ended}],
            }
            yield {"metadata": {"name": name}, "spec": {"containers": []}, "status": status}

    def _count(self, job: Mapping[str, Any]) -> None:
        """Run the Job's script beside the servers, which nobody reaches from elsewhere."""
        root = self.roots[job["metadata"]["ownerReferences"][0]["name"]]
        (container,) = job["spec"]["template"]["spec"]["containers"]
        (cluster,) = (each for each in self.found("Cluster") if each["metadata"]["name"] == self.server)
        given = {each["name"]: each["value"] for each in container["env"] if "value" in each}
        # Inside of it, everybody is trusted.
        login = {"DB_USER": cluster["spec"]["bootstrap"]["initdb"]["owner"], "DB_HOST": postgres.SOCKET}
        root.must("install", "--directory", "--owner=postgres", _WORK)
        words = (each.replace("$$", "$") for each in container["command"])
        environment = {
            **given,
            **login,
            "WORK": _WORK,
            "PATH": f"{postgres.BIN}:/usr/sbin:/usr/bin:/sbin:/bin",
        }
        self._counted[job["metadata"]["name"]] = root.run(*words, user=ADMIN, environment=environment)

    def _delete(self, name: str) -> None:
        self.deleted.append(name)
        self.roots.pop(name, None)
        if program := self._running.pop(name, None):
            program.process.kill()
            program.process.wait()

    def _recover(self, cluster: Mapping[str, Any]) -> None:
        name, spec = cluster["metadata"]["name"], cluster["spec"]
        recovery = spec["bootstrap"]["recovery"]
        (source,) = (each for each in spec["externalClusters"] if each["name"] == recovery["source"])
        parameters = source["plugin"]["parameters"]
        (store,) = (
            each
            for each in self.found("ObjectStore")
            if each["metadata"]["name"] == parameters["barmanObjectName"]
        )
        moment = recovery.get("recoveryTarget", {}).get("targetTime", "")
        root = self.sandbox.root(POSTGRES_ARCHIVED, name=name)
        postgres.prepare(root)
        own = archive.read(root, store, self.found("Secret"), parameters["serverName"], moment)
        try:
            own.fetch()
            settings = {
                "restore_command": own.restoring,
                **({"recovery_target_time": moment} if moment else {}),
                "recovery_target_timeline": "latest",
                "recovery_target_action": "promote",
            }
            with root.path(_AUTO).open("a") as file:
                file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())
            root.write(f"{postgres.DATA}/recovery.signal", "")
            root.must("chown", ADMIN, f"{postgres.DATA}/recovery.signal")
            self._running[name] = begin(own, {})
            self._running[name].wait(lambda: _writes(root), "end of its recovery")
        except BedError as error:
            self.failures[name] = str(error)
        else:
            self.roots[name] = root


def begin(own: Archive, settings: Mapping[str, str]) -> Program:
    """Start a server inside its root, where alone it can be reached."""
    given = {"listen_addresses": "", "unix_socket_directories": postgres.SOCKET, "fsync": "off", **settings}
    words = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
    return own.root.start(
        f"{postgres.BIN}/postgres", "-D", postgres.DATA, *words, user=ADMIN, environment=own.environment
    )


def _writes(root: Root) -> bool:
    with suppress(BedError):
        return postgres.query(root, "postgres", "SELECT pg_is_in_recovery()") == "f"
    return False
