"""MariaDB for Harvester and IAM, initialised by the Secrets: users, their rights, IAM's first accounts."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from testbed.consumers.pods import Container
from testbed.consumers.sandbox import Check, Root, Sandbox
from testbed.consumers.upstream import NO_ACCOUNTS, SOURCES
from testbed.real.software import MARIADB, Software

__all__ = ["IMAGES", "check", "query", "start"]

IMAGES: tuple[Software, ...] = (MARIADB,)
_INIT = "/docker-entrypoint-initdb.d/"
_DATA = "/var/lib/mysql"
_NOBODY = {
    "nobody has the well-known password": "SELECT username FROM iam_account WHERE password = 'password'",
    "nobody is called admin": "SELECT username FROM iam_account WHERE username = 'admin'",
    "no client has the well-known secret": "SELECT client_id FROM client_details WHERE client_secret = 'secret'",
}
_SOCKET = "/run/mysqld/mysqld.sock"
_DATABASES = ("harvester/mariadb", "iam-db/mariadb", "iam/mariadb", "dirac-db/mariadb", "fts/mariadb")
# The migrations of IAM's tables, in the order of their versions.
_MIGRATIONS = "iam/iam-persistence/src/main/resources/db/migration"


def start(sandbox: Sandbox) -> None:
    """Start each embedded database of the stack."""
    for name in _DATABASES:
        if sandbox.has(name):
            _start(sandbox, sandbox.container(name))


def query(root: Root, login: tuple[str, str], statements: str, database: str) -> str:
    """Run statements as a user with a password inside the pod, and return the rows, a line each with tabs.

    Raises:
        BedError: the server refuses them.
    """
    user, password = login
    words = ("mariadb", "--no-defaults", "--batch", "--skip-column-names", f"--socket={_SOCKET}", "-u", user)
    return root.must(*words, f"--database={database}", stdin=statements, environment={"MYSQL_PWD": password})


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check log-ins and rights with the consumers' own variables."""
    client = sandbox.root(MARIADB, name="mariadb-client")
    if sandbox.has("harvester/mariadb"):
        own = sandbox.container("harvester/harvester").environment
        names = ("HARVESTER_DB_HOST", "MARIADB_USER", "MARIADB_PASSWORD", "MARIADB_DATABASE")
        user = _Login(client, "harvester", *(own[name] for name in names))
        yield from _rights(user)
        root = replace(user, user="root", database="")
        yield replace(root, password=own["MARIADB_ROOT_PASSWORD"]).tries("root", "SELECT 1", accepted=True)
        yield root.tries("root by the user's password", "SELECT 1", accepted=False)
    if sandbox.has("iam/main") and (sandbox.has("iam-db/mariadb") or sandbox.has("iam/mariadb")):
        iam = sandbox.container("iam/main")
        names = ("IAM_DB_HOST", "IAM_DB_USERNAME", "IAM_DB_PASSWORD", "IAM_DB_NAME")
        user = _Login(client, "iam", *(iam.environment[name] for name in names))
        yield from _rights(user)
        if SOURCES:
            yield from _first_accounts(user, iam, SOURCES / _MIGRATIONS)
        else:
            yield Check("mariadb", "iam: first accounts", passed=True, detail=NO_ACCOUNTS, skipped=True)


@dataclass(frozen=True)
class _Login:
    """A user of a server, with a client for queries."""

    client: Root
    who: str
    host: str
    user: str
    password: str
    database: str

    def query(self, sql: str) -> subprocess.CompletedProcess[str]:
        """Run statements."""
        words = (
            "mariadb",
            "--no-defaults",
            "--batch",
            "--skip-column-names",
            "-h",
            self.host,
            "-u",
            self.user,
        )
        options = (f"--database={self.database}",) if self.database else ()
        return self.client.run(*words, *options, stdin=sql, environment={"MYSQL_PWD": self.password})

    def tries(self, what: str, sql: str, *, accepted: bool) -> Check:
        """A check whether the server accepts or refuses statements, as it should."""
        done = self.query(sql)
        detail = done.stderr.strip() or "accepted"
        return Check("mariadb", f"{self.who}: {what}", (done.returncode == 0) == accepted, detail)


def _rights(login: _Login) -> Iterator[Check]:
    """Check that a consumer's user can use its own database and nothing else."""
    yield login.tries("makes tables", "CREATE TABLE t (a int); DROP TABLE t", accepted=True)
    wrong = replace(login, password=login.password + "x")
    yield wrong.tries("wrong password", "SELECT 1", accepted=False)
    yield replace(login, password="").tries("no password", "SELECT 1", accepted=False)
    yield login.tries("other databases", "SELECT * FROM mysql.user", accepted=False)
    yield login.tries("makes databases", "CREATE DATABASE another", accepted=False)
    yield login.tries("makes users", "CREATE USER somebody", accepted=False)


def _start(sandbox: Sandbox, container: Container) -> None:
    root = sandbox.root(MARIADB, container)
    environment = container.environment
    for folder in (_DATA, "/run/mysqld", "/var/log/mysql"):
        root.path(folder).mkdir(parents=True, exist_ok=True)
        root.must("chown", "mysql:mysql", folder)
    options = ("--no-defaults", "--user=mysql", f"--datadir={_DATA}")
    install = ("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
    root.must("mariadb-install-db", *options, *install)
    address = sandbox.address(container)
    network = (f"--bind-address={address}", "--port=3306", f"--socket={_SOCKET}", "--skip-name-resolve")
    root.start("mariadbd", *options, *network, "--innodb-flush-log-at-trx-commit=0").wait_for(address, 3306)
    statements = [f"ALTER USER root@localhost IDENTIFIED BY {_literal(environment['MARIADB_ROOT_PASSWORD'])}"]
    # The image does this too, because the installation makes additional users without a password.
    statements += [
        "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host != 'localhost' OR User = ''",
        "FLUSH PRIVILEGES",
        f"CREATE USER root@'%' IDENTIFIED BY {_literal(environment['MARIADB_ROOT_PASSWORD'])}",
        "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION",
    ]
    database, user = environment.get("MARIADB_DATABASE"), environment.get("MARIADB_USER")
    if database:
        statements.append(f"CREATE DATABASE IF NOT EXISTS `{database}`")
    if user:
        password = environment["MARIADB_PASSWORD"]
        statements.append(f"CREATE USER '{user}'@'%' IDENTIFIED BY {_literal(password)}")
        if database:
            granted = database.replace("_", r"\_")
            statements.append(f"GRANT ALL ON `{granted}`.* TO '{user}'@'%'")
    socket = ("mariadb", "--no-defaults", f"--socket={_SOCKET}", "-u", "root")
    root.must(*socket, stdin=";\n".join(statements) + ";")
    for path in sorted(path for path in container.files if path.startswith(_INIT)):
        text = container.files[path].content.decode()
        root.must(*socket, stdin=text, environment={"MYSQL_PWD": environment["MARIADB_ROOT_PASSWORD"]})


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _first_accounts(login: _Login, iam: Container, migrations: Path) -> Iterator[Check]:
    """Run IAM's own migrations with the stack's statements among them, in the order of their versions."""
    files = [file for kind in ("mysql", "prod") for file in (migrations / kind).glob("V*.sql")]
    scripts = {_version(file.name): file.read_text() for file in files}
    own = {path: file.content.decode() for path, file in iam.files.items() if path.endswith(".sql")}
    scripts |= {_version(Path(path).name): text for path, text in own.items()}
    for version, script in sorted(scripts.items()):
        done = login.query(script)
        if done.returncode:
            what = f"iam: migration {'.'.join(map(str, version))}"
            yield Check("mariadb", what, passed=False, detail=done.stderr.strip())
            return
    for what, sql in _NOBODY.items():
        done = login.query(sql)
        passed = done.returncode == 0 and not done.stdout.strip()
        yield Check("mariadb", f"iam: {what}", passed, (done.stdout + done.stderr).strip())
    done = login.query("SELECT COUNT(*) FROM iam_account")
    yield Check("mariadb", "iam: the administrator is there", done.stdout.strip() == "1", done.stdout.strip())


def _version(name: str) -> tuple[int, ...]:
    """The version in a migration's file name, ordered as Flyway does."""
    return tuple(int(part) for part in name.removeprefix("V").split("__")[0].split("_") if part)
