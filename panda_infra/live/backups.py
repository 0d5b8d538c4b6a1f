"""The backups of a running stack, by Jobs that are made of the template of its CronJobs."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from panda_infra.backup.catalog import NAME, Record, database_of
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import NotAskedError, PandaInfraError
from panda_infra.live.jobs import Finished, run_to_end
from panda_infra.plan.backup import (
    DUMPING,
    KEEPING,
    BackedUp,
    administrator,
    backed_up,
    runs_database,
)
from panda_infra.plan.model import Plan

__all__ = ["RESTORED", "Backups", "Kept", "Restored", "chosen"]

Object = Mapping[str, Any]
_CRON_JOBS = "/apis/batch/v1/namespaces/{}/cronjobs/{}"
_INSTANCE = "app.kubernetes.io/instance"
_ACTION = "panda-infra/backup-action"
_FETCHING = "fetch"
# Seconds; the templates have this limit for their Jobs too.
_SECONDS = 6 * 3600.0
_UNFINISHED = "unfinished "
# The script for PostgreSQL ends with these words if the user has no right.
_MAKES_NONE, _READS_NOT = "may make no database", "may not read"
RESTORED = re.compile(r"restored (\d+) tables with (\d+) rows")
"""The line with which the scripts end that have counted what is restored."""
# A drill needs these variables of a dump, and no log-in.
_FOR_DRILL = ("DB_NAME", "DB_LEAVES_OUT")
_DATABASE = r"[A-Za-z_][A-Za-z0-9_]{0,62}"


@dataclass(frozen=True)
class Kept:
    """The content of the place for backups: records of finished ones, names of others."""

    records: Sequence[Record] = ()
    unfinished: Sequence[str] = ()

    @property
    def newest(self) -> Mapping[str, Record]:
        """The newest finished backup of each database, by the database's name in backups."""
        # Names sort by time.
        return {database_of(each.name): each for each in sorted(self.records, key=lambda one: one.name)}


@dataclass(frozen=True)
class Restored:
    """The database that a drill has restored."""

    tables: int
    rows: int


def chosen(plan: Plan, component: str | None = None) -> Sequence[BackedUp]:
    """The databases of a stack that are backed up: those of a component, or all.

    Raises:
        PandaInfraError: there is none.
    """
    stack, found = plan.stack, backed_up(plan)
    if not found and not runs_database(plan):
        raise PandaInfraError(f"stack {stack} runs no database: those elsewhere are their owners' to back up")
    if not found:
        fix = "write e.g. `panda-infra:backup: {to: {kind: claim, size: 100Gi}}`, then run `pulumi up`"
        raise PandaInfraError(f"stack {stack} makes no backups: {fix}")
    own = [each for each in found if component in (None, each.component, each.name)]
    if not own:
        known = ", ".join(each.name for each in found)
        raise PandaInfraError(f"stack {stack} backs up nothing of {component}; it does of {known}")
    return own


@dataclass(frozen=True)
class Backups:
    """The backups of a plan's stack in its cluster. ``started`` gets the name of each Job that is made."""

    api: KubernetesApi
    plan: Plan
    seconds: float = _SECONDS
    started: Callable[[str], None] = field(default=lambda _name: None)

    def database_of(self, backup: str) -> BackedUp:
        """The database that a backup is of, by the backup's name.

        Raises:
            PandaInfraError: it is no name of a backup, or of no database of the stack.
        """
        if not re.fullmatch(NAME, backup):
            raise PandaInfraError(
                f"{backup} is no name of a backup, which looks like panda/20261130T021700Z: "
                f"run `python -m panda_infra backup list {self.plan.stack}`"
            )
        name = database_of(backup)
        found = chosen(self.plan, name)
        return next((each for each in found if each.name == name), found[0])

    def last_success(self, database: BackedUp) -> str | None:
        """The time of the last scheduled backup that succeeded, in the cluster's form."""
        found: str | None = (self._cron_job(database).get("status") or {}).get("lastSuccessfulTime")
        return found

    def make(self, database: BackedUp) -> Record | None:
        """Make a backup now; None if its name cannot be read.

        Raises:
            PandaInfraError: it fails; the message has the reason.
        """
        try:
            finished = self._run(database, "now", lambda _pod: None, retries=None)
        except PandaInfraError as error:
            if _READS_NOT not in str(error):
                raise
            grant = f"psql --username=postgres --dbname={database.database} --command='GRANT pg_read_all_data TO USER'"
            raise self._for_administrator(database, error, "let that user read all", grant) from None
        records = _records(finished)
        return records[0] if records else None

    def listed(self) -> Kept:
        """The content of the place for backups, of every database.

        Raises:
            NotAskedError: its answer cannot be read.
            PandaInfraError: the place cannot be asked.
        """

        def arrange(pod: dict[str, Any]) -> None:
            pod.pop("initContainers")
            pod["containers"][0]["command"][-1:] = ["list"]

        finished = self._run(chosen(self.plan)[0], "list", arrange)
        if finished.log is None:
            raise NotAskedError(
                f"job {finished.name} has listed the backups, but its log cannot be read: who may read logs of pods?"
            )
        lines = finished.log.splitlines()
        unfinished = [line.removeprefix(_UNFINISHED) for line in lines if line.startswith(_UNFINISHED)]
        return Kept(_records(finished), unfinished)

    def verify(self, backup: str) -> None:
        """Fetch a backup, compare its checksum, and read its dump to the end by the database's own programs.

        Raises:
            PandaInfraError: it is not what it was, or cannot be fetched.
        """
        self._run(self.database_of(backup), "verify", lambda pod: _fetching(pod, backup, "check"))

    def drill(self, backup: str) -> Restored:
        """Fetch a backup and restore it into a server of its own in the Job's pod, which ends with it.

        Raises:
            NotAskedError: how much was restored cannot be read.
            PandaInfraError: it cannot be fetched or restored, or a table is missing then.
        """

        def arrange(pod: dict[str, Any]) -> None:
            _fetching(pod, backup, "drill")
            (container,) = pod["containers"]
            container["env"] = [each for each in container["env"] if each["name"] in _FOR_DRILL]

        finished = self._run(self.database_of(backup), "drill", arrange)
        found = RESTORED.search(finished.log or "")
        if found is None:
            raise NotAskedError(
                f"job {finished.name} has restored {backup}, but its log cannot be read: who may read logs of pods?"
            )
        return Restored(int(found[1]), int(found[2]))

    def restore(self, backup: str, into: str, *, overwrite: bool = False) -> None:
        """Restore a backup into a database of its server, which is made if it is missing.

        Raises:
            PandaInfraError: it fails, the database has tables already, or it is the live one without ``overwrite``.
        """
        database = self.database_of(backup)
        if not re.fullmatch(_DATABASE, into):
            raise PandaInfraError(
                f"--into {into}: must be letters, digits and underscores that start with a letter, "
                f"e.g. {database.database}_restored"
            )
        beside = (
            each for each in backed_up(self.plan) if each.host == database.host and each.name != database.name
        )
        if other := next((each.name for each in beside if each.database == into), None):
            raise PandaInfraError(
                f"{into} is the live database of {other}: name another one by --into, e.g. {database.database}_restored"
            )
        if into == database.database and not overwrite:
            raise PandaInfraError(
                f"{into} is the live database of {database.component}: name another one by --into, "
                "or write --over-live to lose what is in it"
            )

        def arrange(pod: dict[str, Any]) -> None:
            _fetching(pod, backup, "restore")
            plain = {"INTO": into, "OVERWRITE": "yes" if overwrite else ""}
            pod["containers"][0]["env"] += [
                *({"name": name, "value": value} for name, value in plain.items()),
                *administrator(self.plan, database),
            ]

        try:
            self._run(database, "restore", arrange)
        except PandaInfraError as error:
            if _MAKES_NONE not in str(error):
                raise
            made = f"createdb --username=postgres --owner=USER {into}"
            raise self._for_administrator(database, error, "make it first, for that user", made) from None

    def _for_administrator(
        self, database: BackedUp, error: PandaInfraError, task: str, command: str
    ) -> PandaInfraError:
        """The error with the command that the server's administrator has to run in the server's own pod."""
        # The log may show only stars in place of these names, because names of hosts and users are in Secrets too.
        where = f"--namespace {self.plan.config.namespace} deployment/{database.host}"
        return PandaInfraError(
            f"{error}\nThe server's administrator must {task}: `kubectl exec {where} -- {command}`"
        )

    def _cron_job(self, database: BackedUp) -> Object:
        path = _CRON_JOBS.format(self.plan.config.namespace, database.job)
        found: Object | None = self.api.call("GET", path, missing=True)
        if found is None:
            raise PandaInfraError(
                f"the cluster has no CronJob {database.job} yet: run `pulumi up --stack {self.plan.stack}`"
            )
        return found

    def _run(
        self,
        database: BackedUp,
        action: str,
        arrange: Callable[[dict[str, Any]], None],
        retries: int | None = 0,
    ) -> Finished:
        cron_job = self._cron_job(database)
        template = deepcopy(cron_job["spec"]["jobTemplate"])
        name = f"{database.job}-{secrets.token_hex(5)}"
        labels = {**(template["metadata"].get("labels") or {}), _INSTANCE: name, _ACTION: action}
        spec = template["spec"]
        spec["template"]["metadata"] = {"labels": labels}
        if retries is not None:
            spec["backoffLimit"] = retries
        arrange(spec["template"]["spec"])
        metadata = cron_job["metadata"]
        owner = {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "name": metadata["name"],
            "uid": metadata["uid"],
            # Only backups count in the CronJob's history, so only their Jobs are controlled by it.
            "controller": action == "now",
        }
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": name,
                "namespace": self.plan.config.namespace,
                "labels": labels,
                "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
                "ownerReferences": [owner],
            },
            "spec": spec,
        }
        return run_to_end(self.api, job, seconds=self.seconds, started=self.started)


def _fetching(pod: dict[str, Any], backup: str, action: str) -> None:
    """Let a pod fetch a backup first, then let the database's programs do something with its dump."""
    (dumping,) = (each for each in pod["initContainers"] if each["name"] == DUMPING)
    (keeping,) = (each for each in pod["containers"] if each["name"] == KEEPING)
    command = [*keeping["command"][:-1], "fetch", backup]
    pod["initContainers"] = [{**keeping, "name": _FETCHING, "command": command}]
    pod["containers"] = [{**dumping, "name": action, "command": [*dumping["command"][:-1], action]}]


def _records(finished: Finished) -> list[Record]:
    found = []
    for line in (finished.log or "").splitlines():
        if line.startswith("{"):
            try:
                found.append(Record.of(line))
            except ValueError:
                continue
    return found
