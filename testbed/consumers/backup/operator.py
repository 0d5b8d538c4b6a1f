"""Enough of the API for Clusters: one that is made is recovered at once, in the sandbox, by its description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from panda_infra.clients.kubernetes.client import JSON, KubernetesApi
from panda_infra.plan.postgres import ARCHIVE_SECRET
from testbed.consumers import postgres
from testbed.consumers.backup import archive
from testbed.consumers.backup.archive import ADMIN, Archive, Object
from testbed.consumers.sandbox import Program, Root, Sandbox
from testbed.errors import BedError
from testbed.real.software import POSTGRES_ARCHIVED

__all__ = ["Operator", "begin"]

_AUTO = f"{postgres.DATA}/postgresql.auto.conf"


@dataclass
class Operator(KubernetesApi):
    """The live servers' archive, and the servers that were recovered from it.

    ``roots`` are those of recovered servers by their names, ``failures`` the ends of those that could not be.
    """

    sandbox: Sandbox
    live: Archive
    server: str
    roots: dict[str, Root] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def found(self, kind: str) -> list[Object]:
        """The objects of a kind that the stack makes."""
        return [each for each in self.sandbox.objects if each["kind"] == kind]

    def answers(self) -> bool:
        """True: it is here."""
        return True

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),  # noqa: ARG002 - nothing is asked for by a query
        missing: bool = False,  # noqa: ARG002 - what is not here is missing
        accept: str = JSON,  # noqa: ARG002 - each path has one form
    ) -> Any:
        """Answer the requests that a recovery needs."""
        if method == "POST" and body is not None:
            self._recover(body)
            return body
        kind, name = path.split("/")[-2:]
        if (kind, name) == ("objectstores", ARCHIVE_SECRET):
            # As the plugin keeps it.
            window = {"firstRecoverabilityPoint": self.live.listed()[1]}
            return {"status": {"serverRecoveryWindow": {self.server: window}}}
        if name in self.failures:
            return {"status": {"phase": self.failures[name]}}
        ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        return ready if name in self.roots else None

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
        moment = recovery["recoveryTarget"]["targetTime"]
        root = self.sandbox.root(POSTGRES_ARCHIVED, name=name)
        postgres.prepare(root)
        own = archive.read(root, store, self.found("Secret"), parameters["serverName"], moment)
        try:
            own.fetch()
            settings = {
                "restore_command": own.restoring,
                "recovery_target_time": moment,
                "recovery_target_timeline": "latest",
                "recovery_target_action": "promote",
            }
            with root.path(_AUTO).open("a") as file:
                file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())
            root.write(f"{postgres.DATA}/recovery.signal", "")
            root.must("chown", ADMIN, f"{postgres.DATA}/recovery.signal")
            begin(own, {}).wait(lambda: _writes(root), "end of its recovery")
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
