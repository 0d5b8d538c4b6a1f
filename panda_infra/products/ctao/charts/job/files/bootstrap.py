"""Brings the tables of Rucio's database to the version of this image, and makes its first account.

Runs in an image of Rucio, whose Python may be as old as 3.9. Reads Secrets as files, never prints their content, and
never drops anything. The state of the tables decides:

- no table: makes them all, with the version, in one transaction;
- tables of this version: nothing;
- tables of an earlier version: migrates them if the settings allow it, with daemons stopped and after a backup;
- tables of a version that this image does not know, or without one: stops with what to do.
"""

from __future__ import annotations

import hmac
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SETTINGS = Path(__file__).with_name("settings.json")
_SECRETS = Path(os.environ.get("RUCIO_JOB_SECRETS", "/secrets"))
_SCHEMA = "public"
# Any number: two jobs that use the same one wait for each other.
_LOCK = 4104105
_PATIENCE = 120  # seconds for a database that is still starting
# Its sections of loggers are required: without them the tables would be made, but get no version.
_ALEMBIC = """
[alembic]
script_location = {scripts}
sqlalchemy.url = {url}
version_table_schema = {schema}
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stdout,)
formatter = plain
[formatter_plain]
format = %(message)s
"""


class RefusedError(Exception):
    """The database refuses the log-in, or is in a state that this job must not change; the text names what to do."""


def main() -> None:
    """Bring tables and account into the declared state."""
    settings: dict[str, Any] = json.loads(_SETTINGS.read_text())
    url, root = _secret("database", "sqlalchemyUrl"), _secret("root", "password")
    with tempfile.TemporaryDirectory() as folder:
        _configure(Path(folder), url, settings)
        engine = _engine()
        with _alone(engine):
            _bring_tables(engine, Path(folder), settings.get("gate"))
            _bring_account(engine, _secret("root", "username"), root)


def _secret(folder: str, key: str) -> str:
    return (_SECRETS / folder / key).read_text()


def _configure(folder: Path, url: str, settings: dict[str, Any]) -> None:
    """Write the configuration, readable for this user alone, that Rucio and Alembic find by environment variables."""
    import rucio.db.sqla  # noqa: PLC0415 - reads the configuration when more of it is imported

    scripts = Path(rucio.db.sqla.__file__).with_name("migrate_repo")
    sections = {"database": {"default": url, "schema": ""}, "alembic": {"cfg": str(folder / "alembic.ini")}}
    sections.update({name: settings[name] for name in ("policy",) if name in settings})
    lines = [
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
        for name, keys in sections.items()
    ]
    (folder / "rucio.cfg").write_text("".join(lines))
    (folder / "alembic.ini").write_text(_ALEMBIC.format(scripts=scripts, url=url, schema=_SCHEMA))
    os.environ["RUCIO_CONFIG"] = str(folder / "rucio.cfg")


def _engine() -> Any:
    """The database, once it answers."""
    from rucio.db.sqla.session import get_engine  # noqa: PLC0415 - after the configuration
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - likewise

    engine, ends = get_engine(), time.monotonic() + _PATIENCE
    while True:
        try:
            with engine.connect():
                return engine
        except OperationalError as error:
            # The error of the driver names host and user, which the operator needs, but no password.
            if "authentication failed" in str(error.orig) or time.monotonic() > ends:
                raise RefusedError(f"the database refuses the log-in: {error.orig}") from None
            time.sleep(1)


@contextmanager
def _alone(engine: Any) -> Iterator[None]:
    """Wait until no other job changes the tables."""
    from sqlalchemy import text  # noqa: PLC0415 - after the configuration

    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _LOCK})


def _bring_tables(engine: Any, folder: Path, gate: dict[str, str] | None) -> None:
    from alembic import command  # noqa: PLC0415 - only in the image
    from alembic.config import Config  # noqa: PLC0415 - likewise
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - likewise
    from rucio.db.sqla import models  # noqa: PLC0415 - after the configuration
    from sqlalchemy import inspect  # noqa: PLC0415 - likewise

    config = Config(str(folder / "alembic.ini"))
    scripts = ScriptDirectory.from_config(config)
    known, head = {script.revision for script in scripts.walk_revisions()}, scripts.get_current_head()
    ours = {table.name for table in models.BASE.metadata.sorted_tables} - {"alembic_version"}
    found = ours & set(inspect(engine).get_table_names(schema=_SCHEMA))
    versions = _versions(engine)
    if not found and not versions:
        _make(engine, models, scripts)
        _say(f"made {len(ours)} tables of version {head}")
    elif not versions:
        raise RefusedError(
            f"the database has {len(found)} of Rucio's {len(ours)} tables, but no version: what made them did not "
            "end, or was something else. Give this stack an empty database, or find out the version of the tables and "
            "stamp it with `alembic stamp`"
        )
    elif not set(versions) <= known:
        raise RefusedError(
            f"the database has version {', '.join(versions)}, which this image does not know: it is newer. Use an "
            "image of that release, or restore the backup that was made before the migration"
        )
    elif versions == (head,) and ours - found:
        raise RefusedError(
            f"the tables have version {head}, but {', '.join(sorted(ours - found))} are missing: a restore has not "
            "ended, or somebody has dropped them. Restore a backup, or give this stack an empty database"
        )
    elif versions == (head,):
        if gate is not None:
            # A run that was killed after the migration has not made these columns optional yet.
            _relax(engine, models)
        _say(f"tables have version {head} already")
    elif gate is None:
        raise RefusedError(
            f"the tables have version {', '.join(versions)}, and this image needs {head}. Write "
            "`components: {rucio-bootstrap: {settings: {migrate: true}}}`: they are migrated after the daemons are "
            "stopped and a backup is made, without which there is no way back"
        )
    else:
        way = f"from version {', '.join(versions)} to {head}"
        _migrate(gate, lambda: command.upgrade(config, "head"), way)
        # A failure here is not one of the migration: after that, former daemons must not meet the migrated tables.
        _relax(engine, models)


def _migrate(settings: dict[str, str], upgrade: Callable[[], object], way: str) -> None:
    """Stop the daemons, make a backup, migrate; where that fails or is stopped, the daemons get their pods back."""
    from gate import CallError, Gate, GateError  # noqa: PLC0415 - the chart adds it where tables may be migrated

    # Otherwise a stopped pod (its node is drained, or its deadline is over) would be killed without a message. The
    # driver of the database takes back its waiting statement for this type of error.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    gate = Gate(**settings)
    try:
        gate.stop()
        backup = gate.backup()
    except (CallError, GateError) as error:
        raise RefusedError(f"nothing was migrated: {error}.{_restarted(gate)}") from None
    except KeyboardInterrupt:
        raise RefusedError(f"nothing was migrated: the job was stopped.{_restarted(gate)}") from None
    _say(f"the backup before the migration is {backup}")
    try:
        upgrade()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever a migration's own code raises
        if isinstance(error, KeyboardInterrupt):
            reason = "the job was stopped"
        else:
            reason = f"{type(error).__name__}: " + " ".join(str(getattr(error, "orig", error)).split())
        raise RefusedError(
            f"the migration {way} failed: {reason}. The backup before it is {backup}: compare "
            f"the tables with it, and restore it if they are changed.{_restarted(gate)}"
        ) from None
    _say(f"migrated tables {way}; the backup before it is {backup}")


def _restarted(gate: Any) -> str:
    """Start the daemons again; return the result in words."""
    from gate import CallError  # noqa: PLC0415 - as above

    try:
        gate.start()
    except CallError as error:
        return f" The daemons are still stopped: {error}"
    return " The pods of server and daemons are the former ones"


def _relax(engine: Any, models: Any) -> None:
    """Make columns optional that are optional in new tables of this release, but not in migrated ones.

    In tables of 38 the operations of protocols must not be empty, and have a default; the migration to 41 removes the
    default alone, and the server then refuses each protocol that does not name all of them.
    """
    from sqlalchemy import inspect, text  # noqa: PLC0415 - after the configuration

    with engine.begin() as connection:
        for table in models.BASE.metadata.sorted_tables:
            wanted = {column.name for column in table.columns if column.nullable}
            for column in inspect(connection).get_columns(table.name, schema=_SCHEMA):
                if column["name"] in wanted and not column["nullable"]:
                    change = (
                        f'ALTER TABLE {_SCHEMA}."{table.name}" ALTER COLUMN "{column["name"]}" DROP NOT NULL'
                    )
                    connection.execute(text(change))
                    _say(f"column {column['name']} of {table.name} may be empty")


def _versions(engine: Any) -> tuple[str, ...]:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - only in the image

    with engine.connect() as connection:
        options = {"version_table_schema": _SCHEMA}
        return tuple(sorted(MigrationContext.configure(connection, opts=options).get_current_heads()))


def _make(engine: Any, models: Any, scripts: Any) -> None:
    """Make tables and version in one transaction, so that a job that is stopped leaves nothing half made."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - only in the image

    with engine.begin() as connection:
        models.BASE.metadata.create_all(connection)
        context = MigrationContext.configure(connection, opts={"version_table_schema": _SCHEMA})
        context.stamp(scripts, "head")


def _bring_account(engine: Any, name: str, password: str) -> None:
    """Make the first VO and account if they are missing, and give the account its password.

    Rucio's own function fails if they exist, and adds identities with a published password and key.
    """
    from rucio.common.constants import DEFAULT_VO  # noqa: PLC0415 - after the configuration
    from rucio.common.types import InternalAccount  # noqa: PLC0415 - likewise
    from rucio.db.sqla import models  # noqa: PLC0415 - likewise
    from rucio.db.sqla.constants import AccountStatus, AccountType, IdentityType  # noqa: PLC0415 - likewise
    from sqlalchemy.orm import Session  # noqa: PLC0415 - likewise

    account, kind = InternalAccount(name, vo=DEFAULT_VO), IdentityType.USERPASS
    with Session(engine) as session, session.begin():
        if session.get(models.VO, DEFAULT_VO) is None:
            session.add(models.VO(vo=DEFAULT_VO, description="Base VO", email="N/A"))
            session.flush()
        if session.get(models.Account, account) is None:
            session.add(
                models.Account(account=account, account_type=AccountType.SERVICE, status=AccountStatus.ACTIVE)
            )
            session.flush()
            _say(f"made account {name}")
        identity = session.get(models.Identity, (name, kind))
        if identity is None:
            identity = models.Identity(identity=name, identity_type=kind, email="")
            session.add(identity)
        if not _has_password(identity, password):
            salt = os.urandom(255)
            identity.salt, identity.password = salt, sha256(salt + password.encode()).hexdigest()
            _say(f"gave account {name} its password")
        session.flush()
        if session.get(models.IdentityAccountAssociation, (name, kind, account)) is None:
            session.add(
                models.IdentityAccountAssociation(
                    identity=name, identity_type=kind, account=account, is_default=True
                )
            )


def _has_password(identity: Any, password: str) -> bool:
    if identity.salt is None or identity.password is None:
        return False
    digest = sha256(bytes(identity.salt) + password.encode()).hexdigest()
    return hmac.compare_digest(digest, identity.password)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    try:
        main()
    except RefusedError as refused:
        sys.exit(f"refused: {refused}")
