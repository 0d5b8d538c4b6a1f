"""An archive of PostgreSQL as CloudNativePG's plugin Barman Cloud makes it, by what a stack's objects contain."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.consumers import postgres
from testbed.consumers.sandbox import Root, output
from tools import toolchain

__all__ = ["ADMIN", "Archive", "base_backups", "read"]

ADMIN = "postgres:postgres"
_PROGRAM = "/usr/local/bin/barman-cloud"
_OBJECTS = "/srv/archive.json"
_AGE = Path(__file__).parents[1] / "scripts" / "age_backups.py"
_VARIABLES = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Archive:
    """The plugin in a root: its library runs Barman's programs there, with the content of the objects in a file."""

    root: Root
    store: Object
    server: str
    environment: Mapping[str, str]

    @property
    def archiving(self) -> str:
        """The command by which PostgreSQL archives a file."""
        return f"{_PROGRAM} {_OBJECTS} wal-archive %p"

    @property
    def restoring(self) -> str:
        """The command by which PostgreSQL gets a file back from the archive."""
        return f"{_PROGRAM} {_OBJECTS} wal-restore %f %p"

    def back_up(self, name: str) -> str:
        """Make a base backup; return what was printed, the arguments of Barman's program among it."""
        return self._run("backup", name)

    def listed(self) -> tuple[list[str], str | None]:
        """The base backups, the oldest first, and when the first one ended."""
        found = json.loads(self._run("list"))
        return found["ids"], found["first"]

    def fetch(self) -> None:
        """Fetch the base backup before the time, as files of a server."""
        self._run("restore", postgres.DATA)

    def outdate(self) -> None:
        """Delete backups that are older than the archive's retention."""
        self._run("retention")

    def age(self, days: Mapping[str, int]) -> None:
        """Make base backups look so many days old."""
        place = self.store["spec"]["configuration"]
        bucket, _, folder = place["destinationPath"].removeprefix("s3://").partition("/")
        files = {f"{folder}/{self.server}/base/{name}/backup.info": age for name, age in days.items()}
        question = json.dumps({"endpoint": place["endpointURL"], "bucket": bucket, "days": files})
        output(self.root, _AGE, "/opt/barman/bin/python", stdin=question, environment=self.environment)

    def _run(self, *words: str) -> str:
        return self.root.must(_PROGRAM, _OBJECTS, *words, user=ADMIN, environment=self.environment)


def read(root: Root, store: Object, secrets: Sequence[Object], server: str, to: str = "") -> Archive:
    """The plugin for servers in a root, by an ObjectStore and the name that the servers have there.

    Args:
        root: has Barman, and the servers.
        store: the ObjectStore of the stack.
        secrets: Secrets, of which it names one.
        server: the name under which the archive has the servers.
        to: the time of a recovery.
    """
    root.write(_PROGRAM, toolchain.ensure(["barman-cloud"]).path("barman-cloud").read_bytes(), 0o755)
    question = {"store": store["spec"], "server": server, "target": {"targetTime": to}}
    root.write(_OBJECTS, json.dumps(question))
    data = {each["metadata"]["name"]: each["data"] for each in secrets}
    references = store["spec"]["configuration"]["s3Credentials"]
    credentials = {
        variable: b64decode(data[references[field]["name"]][references[field]["key"]]).decode()
        for field, variable in _VARIABLES.items()
    }
    return Archive(root, store, server, {**credentials, "PGHOST": postgres.SOCKET, "HOME": "/tmp"})  # noqa: S108 - of a root


def base_backups(buckets: Path, store: Object, server: str) -> Path:
    """The folder in which the S3 server has the base backups of a server."""
    path: str = store["spec"]["configuration"]["destinationPath"].removeprefix("s3://")
    return buckets / path / server / "base"
