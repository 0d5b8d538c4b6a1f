"""The job that gives Rucio's database its tables, and its root account its password."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import SecretStr

from panda_infra.config.base import Form, Model
from panda_infra.errors import Problem
from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.components.rucio import policy
from panda_infra.products.ctao.database import DATABASE_SECRET
from panda_infra.products.ctao.interfaces import DatabaseLogin, Interfaces
from panda_infra.products.ctao.jobs import CHART, job
from panda_infra.products.databases import PostgresDatabase
from panda_infra.products.model import ComponentSpec, backup_job
from panda_infra.products.rule import rule
from panda_infra.products.secret_values import SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.workloads import Component, SubComponent
from panda_infra.program_files import ProgramFiles
from panda_infra.tree import Values, merged

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names
    from panda_infra.rules.subject import Subject

__all__ = ["COMPONENT", "ROOT_SECRET", "RootSecrets", "RucioBootstrap", "root"]

ROOT_SECRET = "rucio-root"  # noqa: S105 - a name
_USER = "root"
# Seconds: as long as a backup may take, and a migration of a large catalog.
_LONGEST = 12 * 3600
# The program's client for pods, beside a script of the chart that uses it.
_CLIENT = ProgramFiles(("clients/pod/__init__.py", "clients/pod/kubernetes.py"))
_BACKUP = Form(
    r"[A-Za-z0-9][\w.:/@+-]*", "the name of a backup, without spaces", "rucio-2026-11-30T02:17", longest=200
)


class RucioBootstrapSettings(ComponentSettings):
    """The job's way with a database that has tables."""

    migrate: bool = False
    """Whether tables of an earlier release may be migrated: daemons are stopped and a backup is made first."""
    backup: Annotated[str, _BACKUP] | None = None
    """Name of the backup of an external database that was made for a migration, which log and errors then name."""


class RucioBootstrap(Component):
    """The job that makes or migrates Rucio's tables."""

    job: SubComponent = SubComponent()
    """The job."""
    settings: RucioBootstrapSettings = RucioBootstrapSettings()
    """Its way with a database that has tables."""


class RootSecrets(Model):
    """Secrets of Rucio's first account."""

    root_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of Rucio's account root",
            make=password,
            secrets=(ROOT_SECRET,),
            consequence="the job gives the account the new one",
        ),
    ] = None
    """Password of Rucio's account root."""


def root(context: "Context") -> Env:
    """The Secret rucio-root: the login of the account root."""
    return {"username": _USER, "password": reveal(context.secrets.of(RootSecrets).root_password)}


def _rucio_database(config: "Settings") -> DatabaseLogin:
    return (config.maybe(Interfaces) or Interfaces()).rucio_database


def _migrates(config: "Settings") -> bool:
    bootstrap = config.components.get(RucioBootstrap)
    return bootstrap is not None and bootstrap.settings.migrate


def _values(config: "Settings", names: "Names") -> Values:
    bootstrap = config.components.of(RucioBootstrap)
    made = {
        "name": names.workload("rucio-bootstrap", "job"),
        "script": "bootstrap.py",
        "settings": policy(config),
        "secrets": {
            "database": names.secret(DATABASE_SECRET),
            "root": names.secret(ROOT_SECRET),
        },
    }
    return merged(made, _gate(names, bootstrap)) if _migrates(config) else made


def _gate(names: "Names", bootstrap: RucioBootstrap) -> Values:
    """The job's values for a migration: the daemons that it stops, the CronJob for its backup, and its rights."""
    job = "" if bootstrap.settings.backup else backup_job("rucio-db")
    return {
        "settings": {
            "gate": {
                "daemons": f"release={names.release('rucio-daemons')}",
                "cron_job": job,
                "backup": bootstrap.settings.backup or "",
            }
        },
        "modules": {"files": ["gate.py"], "data": dict(_CLIENT.data), "items": _CLIENT.items},
        "rights": [
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list", "patch"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
            *(_to_back_up(job) if job else ()),
        ],
        # No second try: each run makes a backup, and a person must look at a failed migration first.
        "retries": 0,
        "deadline": _LONGEST,
    }


def _to_back_up(job: str) -> tuple[Values, ...]:
    return (
        {"apiGroups": ["batch"], "resources": ["cronjobs"], "resourceNames": [job], "verbs": ["get"]},
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    )


@rule("components", "backup", "delivery")
def migrates_after_a_backup(subject: "Subject") -> Iterator[Problem]:
    """A migration can be undone only by a backup, and nothing else may start daemons while it runs."""
    config = subject.config
    bootstrap = config.components.get(RucioBootstrap)
    if bootstrap is None or not bootstrap.settings.migrate:
        return
    key, inside = "components.rucio-bootstrap.settings", "rucio-db" in config.components.deployed()
    backed_up = config.backup is not None and "rucio-db" not in config.backup.leave_out
    if inside and not backed_up:
        what = "needs a backup of the stack's own database, which nothing makes"
        fix = "Write e.g. `backup: {to: {kind: claim, size: 100Gi}}`, and leave out of `leaveOut` what is migrated."
        yield Problem(f"{key}.migrate", what, fix)
    elif inside and bootstrap.settings.backup:
        what = "is for a database elsewhere: of its own one the stack makes a backup itself"
        yield Problem(f"{key}.backup", what, "Remove it.")
    elif not inside and not bootstrap.settings.backup:
        what = "needs a backup of the external database, which its owner makes"
        yield Problem(f"{key}.migrate", what, "Have it made, and write its name: `backup: rucio-before-41`.")
    elif "rucio-daemons" in config.components.deployed() and config.by_argo("rucio-daemons"):
        what = "stops the daemons, and Argo CD would start them again while tables are migrated"
        fix = "Leave them to Helm for that: `delivery: {kind: argocd, byHelm: [rucio-daemons]}`."
        yield Problem(f"{key}.migrate", what, fix)


COMPONENT = ComponentSpec(
    name="rucio-bootstrap",
    title="Rucio's tables",
    about="Job that makes or migrates Rucio's tables.",
    position=220,
    version="1.0.0",
    usual_seconds=30,
    chart=CHART,
    ships=True,
    config=RucioBootstrap,
    sub_components=(
        job(
            *(DATABASE_SECRET, ROOT_SECRET),
            calls=(remotes.DATABASE,),
            remotes=remotes.database,
            asks_kubernetes=_migrates,
        ),
    ),
    after=("rucio-db",),
    secrets=RootSecrets,
    secrets_about="Rucio's first account.",
    builders={ROOT_SECRET: root},
    values=_values,
    rules=(migrates_after_a_backup,),
    postgres=PostgresDatabase(
        instead="rucio-db/postgres",
        key="interfaces.rucioDatabase.host",
        beside="`kind: external`",
        host=lambda config: getattr(_rucio_database(config), "host", None),
        name=lambda config: _rucio_database(config).name,
        owner=lambda config: _rucio_database(config).user,
        secret=DATABASE_SECRET,
        user="user",
        password="password",  # noqa: S106 - a key
    ),
)
