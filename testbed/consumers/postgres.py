"""PostgreSQL for PanDA and iDDS, initialised as their images do: only the consumers can log in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from testbed.consumers.pods import Container
from testbed.consumers.sandbox import Check, Root, Sandbox
from testbed.consumers.upstream import SOURCES
from testbed.errors import BedError
from testbed.real.software import POSTGRES, Software

__all__ = [
    "BIN",
    "DATA",
    "IMAGES",
    "SOCKET",
    "check",
    "make",
    "prepare",
    "query",
    "start",
    "start_standard",
    "stop",
]

IMAGES: tuple[Software, ...] = (POSTGRES,)
BIN = "/usr/lib/postgresql/15/bin"
DATA = "/var/lib/postgresql/data"
SOCKET = "/var/run/postgresql"
_PORT = 5432
_ADMIN = "postgres:postgres"
_INIT = "/docker-entrypoint-initdb.d"


@dataclass(frozen=True)
class _Login:
    """The names of the variables with a container's log-in."""

    container: str
    prefix: str

    def arguments(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The log-in as the variables of PostgreSQL's own clients."""
        names = {
            "HOST": "PGHOST",
            "PORT": "PGPORT",
            "USER": "PGUSER",
            "PASSWORD": "PGPASSWORD",
            "NAME": "PGDATABASE",
        }
        return {known: environment[f"{self.prefix}{part}"] for part, known in names.items()}


_LOGINS = (
    _Login("panda/server", "PANDA_DB_"),
    _Login("panda/jedi", "PANDA_DB_"),
    _Login("bigmon/main", "PANDA_DB_"),
    _Login("bigmon/main", "IDDS_DB_"),
    _Login("ui/backend", "DB_CONN_PANDAUI_"),
    _Login("idds/rest", "IDDS_DATABASE_"),
)


def start(sandbox: Sandbox) -> None:
    """Start the embedded databases of the stack."""
    if sandbox.has("panda/postgres"):
        container = sandbox.container("panda/postgres")
        # The image fixes user and password of the administrator, who can log in only inside the pod.
        root = _started(sandbox, container, "postgres", "password", "postgres")
        _make_panda(root, container.environment["PANDA_DB_PASSWORD"])
    if sandbox.has("idds/postgres"):
        start_standard(sandbox, sandbox.container("idds/postgres"))
    _start_the_sites(sandbox)


def start_standard(sandbox: Sandbox, container: Container) -> Root:
    """Start a server as the standard image does: user, password and database by its variables."""
    environment = container.environment
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    return _started(sandbox, container, user, environment["POSTGRES_PASSWORD"], database)


def query(root: Root, user: str, statement: str, *, database: str = "postgres", port: int = _PORT) -> str:
    """Run statements as a user inside the pod, and return the rows, a line each with `|` between columns.

    Raises:
        BedError: the server refuses them.
    """
    # On standard input, because arguments are visible to all users of the machine.
    words = ("psql", "-XAtq", "-h", SOCKET, "-p", str(port), "-U", user, "-d", database)
    return root.must(*words, "-v", "ON_ERROR_STOP=1", user=_ADMIN, stdin=statement + ";").strip()


def stop(root: Root) -> None:
    """End a server."""
    root.must(f"{BIN}/pg_ctl", "-D", DATA, "stop", "-m", "fast", user=_ADMIN)


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check each consumer's log-in with its own variables."""
    client = sandbox.root(POSTGRES, name="psql-client")
    access = _access(sandbox)
    panda = sandbox.container("panda/server").environment["PANDA_DB_HOST"]
    for login, own in access.items():
        who = f"{login.container} by {login.prefix}*"
        yield _expect(client, who, own, "SELECT 1", accepted=True)
        yield _expect(client, f"{who}: makes tables", own, "CREATE TEMP TABLE t (a int)", accepted=True)
        others = {each["PGPASSWORD"] for each in access.values() if each["PGHOST"] != own["PGHOST"]}
        for wrong in (own["PGPASSWORD"] + "x", *others):
            mixed = own | {"PGPASSWORD": wrong}
            yield _expect(client, f"{who}, another password", mixed, "SELECT 1", accepted=False)
        # The user of an embedded iDDS is the administrator of the standard image, so only PanDA's is tried.
        for more in ("CREATE ROLE somebody", "CREATE DATABASE another") if own["PGHOST"] == panda else ():
            yield _expect(client, f"{who}: {more}", own, more, accepted=False)
    yield from _by_url(sandbox, client)


def _access(sandbox: Sandbox) -> dict[_Login, dict[str, str]]:
    """The log-in variables of each container with a PostgreSQL database, as PostgreSQL's clients read them."""
    found = {
        login: sandbox.container(login.container).environment
        for login in _LOGINS
        if sandbox.has(login.container)
    }
    return {login: login.arguments(own) for login, own in found.items() if not _is_on_oracle(own)}


def _is_on_oracle(environment: Mapping[str, str]) -> bool:
    names = ("PANDA_DB_BACKEND", "DB_CONN_PANDAUI_VENDOR", "IDDS_DATABASE_URL")
    return any(environment.get(name, "").startswith("oracle") for name in names)


def _by_url(sandbox: Sandbox, client: Root) -> Iterator[Check]:
    if sandbox.has("idds/rest"):
        url = sandbox.container("idds/rest").environment["IDDS_DATABASE_URL"]
        if any(f"@{name}:" in url for name in sandbox.addresses):
            done = client.run("psql", "-d", url, "-c", "SELECT 1")
            yield Check(
                "postgres", "idds/rest by IDDS_DATABASE_URL", done.returncode == 0, done.stderr.strip()
            )


def _expect(client: Root, what: str, access: dict[str, str], sql: str, *, accepted: bool) -> Check:
    done = client.run("psql", "--no-psqlrc", "-tc", sql, environment=access)
    detail = done.stderr.strip() or "accepted"
    return Check("postgres", what, (done.returncode == 0) == accepted, detail)


def _start_the_sites(sandbox: Sandbox) -> None:
    """A server for each host outside, with the users and databases that a site would make for the stack."""
    outside: dict[str, list[dict[str, str]]] = {}
    for own in _access(sandbox).values():
        if own["PGHOST"] not in sandbox.addresses:
            outside.setdefault(own["PGHOST"], []).append(own)
    for number, (host, logins) in enumerate(outside.items(), start=1):
        sandbox.name(host, f"127.79.0.{number}")
        root = sandbox.root(POSTGRES, name=host)
        port = int(logins[0]["PGPORT"])
        _serve(root, sandbox.addresses[host], port, "postgres", "password")
        for own in {own["PGUSER"]: own for own in logins}.values():
            role = f'CREATE ROLE "{own["PGUSER"]}" LOGIN PASSWORD {_literal(own["PGPASSWORD"])}'
            query(root, "postgres", role, port=port)
        for own in {own["PGDATABASE"]: own for own in reversed(logins)}.values():
            database = f'CREATE DATABASE "{own["PGDATABASE"]}" OWNER "{own["PGUSER"]}"'
            query(root, "postgres", database, port=port)


def _started(sandbox: Sandbox, container: Container, user: str, password: str, database: str) -> Root:
    root = sandbox.root(POSTGRES, container)
    _serve(root, sandbox.address(container), _PORT, user, password)
    if database != "postgres":
        query(root, user, f'CREATE DATABASE "{database}"')
    return root


def prepare(root: Root) -> None:
    """Make the folders of a server, which only it may read."""
    for folder in (DATA, SOCKET):
        root.path(folder).mkdir(parents=True, exist_ok=True)
        root.must("chown", "postgres:postgres", folder)
    root.must("chmod", "0700", DATA)


def make(root: Root, user: str = "postgres", password: str = "password") -> None:  # noqa: S107 - of a sandbox
    """Make the files of a server whose administrator is ``user``."""
    prepare(root)
    root.write("/srv/password", password)
    options = ("--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile=/srv/password", "--no-sync")
    root.must(f"{BIN}/initdb", "-D", DATA, "-U", user, *options, user=_ADMIN)
    with root.path(f"{DATA}/pg_hba.conf").open("a") as file:
        file.write("host all all all scram-sha-256\n")


def _serve(root: Root, address: str, port: int, user: str, password: str) -> None:
    make(root, user, password)
    settings = {
        "listen_addresses": address,
        "port": port,
        "shared_preload_libraries": "pg_cron",
        "fsync": "off",
        "unix_socket_directories": SOCKET,
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    root.start(f"{BIN}/postgres", "-D", DATA, *words, user=_ADMIN).wait_for(address, port)


def _make_panda(root: Root, password: str) -> None:
    """Make PanDA's database like its image does, with the image's own scripts if their sources are here."""
    if SOURCES:
        _run_the_images_scripts(root, SOURCES / "panda-database" / "schema" / "postgres", password)
        return
    for statement in (
        f"CREATE USER panda PASSWORD {_literal(password)}",
        "ALTER ROLE panda SET search_path = doma_panda, public",
        "CREATE DATABASE panda_db OWNER panda",
    ):
        query(root, "postgres", statement)
    # The only table that the server needs to start.
    columns = "app text, component text, key text, vo text, value text, value_json jsonb, type text"
    for statement in (
        "CREATE SCHEMA doma_panda AUTHORIZATION panda",
        f"CREATE TABLE doma_panda.config ({columns})",
        "ALTER TABLE doma_panda.config OWNER TO panda",
    ):
        query(root, "postgres", statement, database="panda_db")


def _run_the_images_scripts(root: Root, scripts: Path, password: str) -> None:
    for file in scripts.rglob("*"):
        if file.is_file():
            # One of its scripts refers to a table that no release makes; the others must go on.
            text = re.sub(r"(?m)^\\set ON_ERROR_STOP.*$", "", file.read_text())
            # Debian's older pg_partman uses another name for the same type.
            text = text.replace("p_type => 'range'", "p_type => 'native'")
            root.write(f"{_INIT}/{file.relative_to(scripts)}", text, 0o755)
    root.write(f"{_INIT}/sqls/version", (scripts / "version").read_text())
    root.must("chmod", "-R", "a+rwX", "/var/log", _INIT)
    environment = {"PATH": f"{BIN}:/usr/bin:/bin:/usr/sbin:/sbin", "PANDA_DB_PASSWORD": password}
    done = root.run("bash", f"{_INIT}/panda_db_init.sh", user=_ADMIN, environment=environment)
    if done.returncode:
        log = root.path("/var/log/initdb.log").read_text().splitlines()
        raise BedError("\n".join(["the image's own scripts failed:", *log[-10:]]))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
