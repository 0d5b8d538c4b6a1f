"""Steps around a migration of tables: daemons are stopped before it, and a backup with a name is made.

Runs in an image of Rucio, whose Python may be as old as 3.9, with the token of the job's own account. The job uses it
only if tables are really migrated.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from panda_infra.clients.pod.kubernetes import CallError, in_cluster

__all__ = ["CallError", "Gate", "GateError"]

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# The annotation with a daemon's number of pods; the value of a killed migration stays.
_BEFORE = "panda-infra/replicas-before-migration"
_INSTANCE = "app.kubernetes.io/instance"
_SECONDS_TO_STOP, _SECONDS_FOR_BACKUP = 600, 6 * 3600
_PAUSE, _TRIES = 1, 60


class GateError(Exception):
    """A step fails; refusals of the cluster are a `CallError` instead."""


class Gate:
    """Stops daemons, makes the backup, and starts the daemons again where the migration fails.

    ``daemons`` selects their Deployments by labels; ``cron_job`` makes backups of the database, empty for a database
    outside of the stack, of which the site has made the ``backup``.
    """

    def __init__(self, *, daemons: str, cron_job: str, backup: str) -> None:
        self._daemons, self._cron_job, self._given = daemons, cron_job, backup
        self._inside = "namespaces/" + (_ACCOUNT / "namespace").read_text().strip()
        host, port = (os.environ[f"KUBERNETES_SERVICE_{name}"] for name in ("HOST", "PORT"))
        self._call = in_cluster(host, port, _ACCOUNT)

    def stop(self) -> None:
        """Scale all daemons to 0, and wait until the last pod is gone."""
        for each in self._deployments():
            if count := each["spec"].get("replicas", 1):
                self._scale(each, 0, str(count))
        ends = time.monotonic() + _SECONDS_TO_STOP
        while pods := self._listed("/api/v1", "pods", self._daemons):
            if time.monotonic() > ends:
                raise GateError(f"pods of daemons do not end: {_names(pods)}")
            time.sleep(_PAUSE)

    def start(self) -> None:
        """Give each daemon the pods back that it had."""
        for each in self._deployments():
            if before := (each["metadata"].get("annotations") or {}).get(_BEFORE):
                self._scale(each, int(before), None)

    def backup(self) -> str:
        """The name of a backup: the one that the site has made, else one that is made now."""
        if not self._cron_job:
            return self._given
        cron_job = self._get(f"/apis/batch/v1/{self._inside}/cronjobs/{self._cron_job}")
        name = f"{self._cron_job}-{secrets.token_hex(5)}"
        self._call("POST", f"/apis/batch/v1/{self._inside}/jobs", body=_job(cron_job, name))
        ends = time.monotonic() + _SECONDS_FOR_BACKUP
        while True:
            conditions = (self._get(f"/apis/batch/v1/{self._inside}/jobs/{name}").get("status") or {}).get(
                "conditions"
            ) or ()
            states = {each["type"] for each in conditions if each["status"] == "True"}
            if "Complete" in states:
                return self._made(name)
            if "Failed" in states or time.monotonic() > ends:
                raise GateError(f"job {name}, which makes the backup, has not succeeded")
            time.sleep(_PAUSE)

    def _made(self, job: str) -> str:
        """The name that the job's program has printed."""
        for pod in self._listed("/api/v1", "pods", f"{_INSTANCE}={job}"):
            name, container = pod["metadata"]["name"], pod["spec"]["containers"][-1]["name"]
            path = f"/api/v1/{self._inside}/pods/{name}/log?{urlencode({'container': container})}"
            for line in self._get(path, text=True).splitlines():
                if line.startswith("{"):
                    return str(json.loads(line)["name"])
        raise GateError(f"job {job} has made a backup, but its log has no name of it")

    def _deployments(self) -> list[Any]:
        return self._listed("/apis/apps/v1", "deployments", self._daemons)

    def _scale(self, deployment: Any, count: int, before: str | None) -> None:
        name = deployment["metadata"]["name"]
        body = {"metadata": {"annotations": {_BEFORE: before}}, "spec": {"replicas": count}}
        self._call("PATCH", f"/apis/apps/v1/{self._inside}/deployments/{name}", body=body)
        _say(f"daemon {name}: {count} pods")

    def _listed(self, root: str, kind: str, labels: str) -> list[Any]:
        found = self._get(f"{root}/{self._inside}/{kind}?{urlencode({'labelSelector': labels})}")
        return list(found.get("items") or ())

    def _get(self, path: str, *, text: bool = False) -> Any:
        """Send a request again if nothing answers: a short outage must not end a migration."""
        for _ in range(_TRIES):
            try:
                return self._call("GET", path, text=text)
            except CallError as error:
                if error.status is not None:
                    raise
                time.sleep(_PAUSE)
        return self._call("GET", path, text=text)


def _job(cron_job: Any, name: str) -> Any:
    """A Job of the CronJob's template, which belongs to it as one that is made by schedule."""
    template, own = cron_job["spec"]["jobTemplate"], cron_job["metadata"]
    labels = {**(template["metadata"].get("labels") or {}), _INSTANCE: name}
    spec = template["spec"]
    spec["template"]["metadata"] = {"labels": labels}
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": own["name"],
        "uid": own["uid"],
        "controller": True,
    }
    metadata = {
        "name": name,
        "labels": labels,
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
        "ownerReferences": [owner],
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def _names(objects: list[Any]) -> str:
    return ", ".join(each["metadata"]["name"] for each in objects)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
