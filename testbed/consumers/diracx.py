"""DiracX as a consumer of a stack: its databases, its object store, its Redis, the job with its tables, its API."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import count
from typing import Any

from testbed.consumers import collector, mariadb, verified
from testbed.consumers.sandbox import Check, Program, Root, Sandbox
from testbed.errors import BedError
from testbed.real.software import DIRACX, MARIADB, Software
from testbed.waiting import eventually
from tools import toolchain

__all__ = ["IMAGES", "PARTS", "check", "start"]

IMAGES: tuple[Software, ...] = (MARIADB, DIRACX)
_DATABASE, _STORE, _JOB = "dirac-db/mariadb", "objectstore/server", "diracx-bootstrap/job"
PARTS = (_DATABASE, _STORE, _JOB, "diracx/server", "diracx/redis")
_ME = "diracx"
_PORT, _S3_PORT, _REDIS_PORT = 8000, 7070, 6379
_NUMBERS = count(1)
_SECONDS = 600
_SHOWN = 600
_GOOD = 200


def start(sandbox: Sandbox) -> None:
    """Start what DiracX needs: its databases, its object store, its Redis."""
    mariadb.start(sandbox)
    _store(sandbox)
    _redis(sandbox)


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check the job in each state of the databases, then the API, with what the stack's Secrets hold."""
    yield from _tables(sandbox)
    yield from _api(sandbox)
    yield from verified.answered(sandbox, _ME, "dirac-db", "fts.database", "objectstore", "diracx")
    _as_root(sandbox, "SHUTDOWN", "mysql")
    gone = {
        "dirac-db.database": "Can't connect",
        "diracx.ready": "/api/health/ready is answered with status 5",
    }
    yield from verified.refuted(sandbox, _ME, "its databases are gone", gone)


def _store(sandbox: Sandbox) -> None:
    """Start the object store itself with the pod's command and variables, on folders of this machine."""
    container = sandbox.container(_STORE)
    folder = sandbox.folder / "objectstore"
    (folder / "buckets").mkdir(parents=True)
    (folder / "metadata").mkdir()
    address = sandbox.address(container)
    words = [word for word in container.command[1:-1] if word != f":{_S3_PORT}"]
    words.insert(words.index("--port") + 1, f"{address}:{_S3_PORT}")
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            (
                toolchain.ensure(["versitygw"]).path("versitygw"),
                *words,
                *("--sidecar", str(folder / "metadata"), str(folder / "buckets")),
            ),
            env={**os.environ, **container.environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    Program("object store", process, log).wait_for(address, _S3_PORT)


def _redis(sandbox: Sandbox) -> None:
    container = sandbox.container("diracx/redis")
    root = sandbox.root(DIRACX, container)
    address = sandbox.address(container)
    root.start(*container.command, "--bind", address).wait_for(address, _REDIS_PORT)


def _tables(sandbox: Sandbox) -> Iterator[Check]:
    yield _ran(_run(sandbox), "makes databases and tables", "DiracXAuthDB: made", "are complete")
    again = _run(sandbox)
    yield _ran(again, "is content with what is there", "are complete")
    yield Check(_ME, "makes nothing twice", ": made" not in again.stdout, again.stdout)
    _as_root(sandbox, "DROP TABLE RefreshTokens", "DiracXAuthDB")
    yield _ran(_run(sandbox), "completes tables of which one is missing", "are complete")
    yield Check(_ME, "the missing table is there", _has(sandbox, "RefreshTokens"))
    _as_root(sandbox, "ALTER TABLE RefreshTokens DROP COLUMN Scope", "DiracXAuthDB")
    refused = _run(sandbox)
    told = "DiracXAuthDB.RefreshTokens has no Scope" in refused.stderr and "Traceback" not in refused.stderr
    yield Check(
        _ME, "refuses a table of another release", refused.returncode == 1 and told, refused.stderr[-_SHOWN:]
    )
    _as_root(sandbox, "DROP TABLE RefreshTokens", "DiracXAuthDB")
    yield _ran(_run(sandbox), "makes it anew when it is gone", "are complete")
    _as_root(sandbox, "DROP DATABASE DiracXTaskDB", "mysql")
    refused = _run(sandbox, "outside")
    told = "let the owner of the server make them" in refused.stderr and "Traceback" not in refused.stderr
    what = "asks the owner of a server outside for missing databases"
    yield Check(_ME, what, refused.returncode == 1 and told, refused.stderr[-_SHOWN:])
    yield _ran(_run(sandbox), "makes a database anew that is gone", "DiracXTaskDB: made")


def _run(sandbox: Sandbox, variant: str = "") -> subprocess.CompletedProcess[str]:
    container = sandbox.container(_JOB, variant)
    root = sandbox.root(DIRACX, container, name=f"diracx-bootstrap-{next(_NUMBERS)}")
    return root.run(*container.command, seconds=_SECONDS)


def _ran(done: subprocess.CompletedProcess[str], what: str, *words: str) -> Check:
    passed = done.returncode == 0 and all(word in done.stdout for word in words)
    return Check(_ME, what, passed, f"code {done.returncode}: {(done.stdout + done.stderr)[-_SHOWN:]}")


def _as_root(sandbox: Sandbox, statement: str, database: str) -> str:
    root = sandbox.running(_DATABASE)
    login = ("root", sandbox.container(_DATABASE).environment["MARIADB_ROOT_PASSWORD"])
    return mariadb.query(root, login, f"{statement};", database)


def _has(sandbox: Sandbox, table: str) -> bool:
    return table in _as_root(sandbox, "SHOW TABLES", "DiracXAuthDB").split()


def _api(sandbox: Sandbox) -> Iterator[Check]:
    container, collected = sandbox.container("diracx/server"), collector.listen()
    root = sandbox.root(DIRACX, container)
    address = sandbox.address(container)
    root.start(*container.command).wait_for(address, _PORT)
    url = f"http://{address}:{_PORT}"
    yield Check(_ME, "becomes ready", eventually(lambda: _get(f"{url}/api/health/ready")[0] == _GOOD, 60))
    _, found = _get(f"{url}/.well-known/jwks.json")
    own = json.loads(container.files["/keystore/jwks.json"].content)["keys"]
    kids = [key["kid"] for key in found.get("keys", ())]
    yield Check(_ME, "signs with the stack's key", kids == [key["kid"] for key in own], str(found))
    yield Check(_ME, "keeps the private part", all("d" not in key for key in found.get("keys", ())))
    _, found = _get(f"{url}/.well-known/dirac-metadata")
    yield Check(
        _ME,
        "knows the stack's organisations",
        set(found.get("virtual_organizations", ())) == {"ctao"},
        str(found),
    )
    _, found = _get(f"{url}/.well-known/openid-configuration")
    issuer = container.environment["DIRACX_SERVICE_AUTH_TOKEN_ISSUER"]
    yield Check(
        _ME, "is the issuer that the stack says", found.get("issuer") == issuer, str(found.get("issuer"))
    )
    buckets = {each.name for each in (sandbox.folder / "objectstore" / "buckets").iterdir()}
    yield Check(
        _ME,
        "makes its bucket",
        buckets == {container.environment["DIRACX_SANDBOX_STORE_BUCKET_NAME"]},
        str(buckets),
    )
    name = container.environment["DIRACX_OTEL_APPLICATION_NAME"]
    sent = eventually(lambda: collected.has("/v1/traces", name, "/.well-known/jwks.json", "component"), 60)
    yield Check(_ME, "sends a trace of each request", sent, str(sorted(collected.bodies)))
    yield from _tasks(sandbox, root)


def _tasks(sandbox: Sandbox, root: Root) -> Iterator[Check]:
    """Check that Redis accepts only its password, and that the program that hands tasks out reaches it."""
    redis = sandbox.container("diracx/redis")
    address = sandbox.address(redis)
    client = ("redis-cli", "-h", address)
    refused = root.run(*client, "PING").stdout
    yield Check(_ME, "Redis wants a password", "NOAUTH" in refused, refused)
    (line,) = (
        text
        for text in redis.files["/etc/redis/redis.conf"].content.decode().splitlines()
        if "requirepass" in text
    )
    password = line.split()[1]
    said = root.run(*client, "PING", environment={"REDISCLI_AUTH": password}).stdout
    yield Check(_ME, "Redis takes the stack's password", said.strip() == "PONG", said)
    scheduler = sandbox.container("diracx/scheduler")
    program = sandbox.root(DIRACX, scheduler).start(*scheduler.command)
    clients = ("CLIENT", "LIST")

    def connected() -> bool:
        if program.process.poll() is not None:
            raise BedError(f"the scheduler ended: {program.log.read_text(errors='replace')[-_SHOWN:]}")
        listed = root.run(*client, *clients, environment={"REDISCLI_AUTH": password}).stdout
        return len(listed.splitlines()) > 1

    yield Check(_ME, "the scheduler is connected to Redis", eventually(connected, 60))
    cleanup = sandbox.container("diracx/cleanup")
    cleaning = sandbox.root(DIRACX, cleanup).start(*cleanup.command)

    def cleaned() -> bool:
        return "expired device flows" in cleaning.log.read_text(errors="replace")

    done = eventually(cleaned, 60)
    yield Check(_ME, "expired log-ins are removed", done, cleaning.log.read_text(errors="replace")[-_SHOWN:])
    yield Check(_ME, "the next day is waited for", cleaning.process.poll() is None)


def _get(url: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - an address of the sandbox
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, {}
    except (OSError, ValueError):
        return 0, {}
