"""The objects of backups in the cluster: the program as a ConfigMap, a CronJob per database, the claim if it is one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.config.backup import Backup, BucketStore, ClaimStore
from panda_infra.plan.confined import confined_container, confined_pod, from_secret
from panda_infra.plan.images import run_image
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.products.model import BACKUPS, Dump, backup_job
from panda_infra.products.registry import COMPONENTS
from panda_infra.program_files import ProgramFiles

__all__ = [
    "ADMINISTRATOR",
    "CREDENTIAL_KEYS",
    "DUMPING",
    "KEEPING",
    "LABELS",
    "NAME",
    "BackedUp",
    "administrator",
    "backed_up",
    "backup_names",
    "backup_objects",
    "runs_database",
    "uses_bucket",
]

NAME = BACKUPS
"""The name of the ConfigMap, of the bucket's Secret and of the claim."""
LABELS = {"app.kubernetes.io/name": NAME}
"""The labels of every pod of a backup, of those that commands start too."""
DUMPING, KEEPING = "dump", "keep"
"""The containers of a backup: one of the database's image, then one with Python."""
CREDENTIAL_KEYS = ("accessKey", "secretKey")
ADMINISTRATOR = "DB_ADMINISTRATOR"
"""The variable with root's password, which only a restore gets."""

_FILES = ProgramFiles(("backup/*.py", "clients/stores/*.py", "backup/scripts/*.sh"))
_LABEL = "panda-infra/backup"
_DEADLINE = 6 * 3600
_WORK, _CLAIM, _CREDENTIAL, _PROGRAM = "/work", "/backups", "/credential", "/program"


@dataclass(frozen=True)
class BackedUp:
    """A database that is backed up: ``name`` is that in the names of its backups, ``database`` the server's."""

    name: str
    component: str
    database: str
    dump: Dump
    image: str
    host: str
    port: int

    @property
    def job(self) -> str:
        """Name of its CronJob."""
        return backup_job(self.name)


def backed_up(plan: Plan) -> tuple[BackedUp, ...]:
    """Every database that the stack runs itself and does not leave out."""
    settings = plan.config.backup
    return tuple(_databases(plan, settings.leave_out)) if settings else ()


def runs_database(plan: Plan) -> bool:
    """True if the stack runs a database itself, backed up or not."""
    return any(_databases(plan))


def _databases(plan: Plan, left_out: Collection[str] = ()) -> Iterator[BackedUp]:
    for release in plan.releases:
        component = plan.config.components.deployed()[release.component]
        for sub in COMPONENTS[release.component].sub_components:
            runs = not sub.switchable or getattr(component, sub.attribute).enabled
            if sub.dump is None or not runs or release.component in left_out:
                continue
            for suffix, database in sub.dump.names(plan.config).items():
                yield BackedUp(
                    name=f"{release.component}{suffix}",
                    component=release.component,
                    database=database,
                    dump=sub.dump,
                    # The programs of its own pod's image fit the server.
                    image=plan.config.pulled(str(run_image(sub, release.values.get(sub.name) or {}))),
                    host=plan.names.workload(release.component, sub.name),
                    port=sub.ports[0],
                )


def uses_bucket(plan: Plan) -> bool:
    """True if a Secret with the bucket's credentials is needed."""
    return bool(backed_up(plan)) and isinstance(_settings(plan).to, BucketStore)


def backup_names(plan: Plan) -> frozenset[str]:
    """The names of all objects of backups in the namespace."""
    made = backed_up(plan)
    return frozenset({NAME, *(each.job for each in made)}) if made else frozenset()


def backup_objects(plan: Plan) -> tuple[ClusterObject, ...]:
    """Each object but the Secret with the credentials, in an order in which each finds what it needs."""
    databases = backed_up(plan)
    if not databases:
        return ()
    settings = _settings(plan)
    objects = [
        ClusterObject("v1", "ConfigMap", "program", {"metadata": _metadata(plan, NAME), "data": _FILES.data})
    ]
    if isinstance(settings.to, ClaimStore):
        objects.append(_claim(plan, settings.to))
    objects += [
        ClusterObject(
            "batch/v1",
            "CronJob",
            each.name,
            {"metadata": _metadata(plan, each.job), "spec": _cron_job(plan, settings, each)},
        )
        for each in databases
    ]
    return tuple(objects)


def administrator(plan: Plan, database: BackedUp) -> list[dict[str, Any]]:
    """The variable that a restore needs beside the user's log-in."""
    key = database.dump.administrator
    return [from_secret(ADMINISTRATOR, plan.names.secret(database.dump.secret), key)] if key else []


def _settings(plan: Plan) -> Backup:
    assert plan.config.backup is not None  # noqa: S101 - there are databases to back up
    return plan.config.backup


def _metadata(plan: Plan, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": plan.config.namespace,
        "labels": LABELS,
        "annotations": plan.owner.mark,
    }


def _claim(plan: Plan, store: ClaimStore) -> ClusterObject:
    metadata = _metadata(plan, NAME)
    # Not awaited: some storage classes bind a claim only when its first pod starts.
    metadata["annotations"] = {"pulumi.com/skipAwait": "true", **metadata["annotations"]}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": store.class_name or plan.config.storage.class_name,
        "resources": {"requests": {"storage": store.size}},
    }
    return ClusterObject("v1", "PersistentVolumeClaim", "claim", {"metadata": metadata, "spec": spec})


def _cron_job(plan: Plan, settings: Backup, database: BackedUp) -> dict[str, Any]:
    labels = {**LABELS, _LABEL: database.name}
    return {
        "schedule": settings.schedule,
        "timeZone": "Etc/UTC",
        # A dump that takes longer than a day must not overlap with the next one.
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {
            "metadata": {"labels": labels},
            "spec": {
                "backoffLimit": 1,
                "activeDeadlineSeconds": _DEADLINE,
                "ttlSecondsAfterFinished": 7 * 24 * 3600,
                "template": {"metadata": {"labels": labels}, "spec": _pod(plan, settings, database)},
            },
        },
    }


def _pod(plan: Plan, settings: Backup, database: BackedUp) -> dict[str, Any]:
    return {
        "restartPolicy": "Never",
        # It talks to database and store only.
        **confined_pod(plan.config, group=True),
        "initContainers": [_dumping(plan, database)],
        "containers": [_keeping(plan, settings, database)],
        "volumes": list(_volumes(settings)),
    }


def _dumping(plan: Plan, database: BackedUp) -> dict[str, Any]:
    secret, dump = plan.names.secret(database.dump.secret), database.dump
    given = {"DB_HOST": database.host, "DB_PORT": str(database.port), "DB_NAME": database.database}
    if dump.leaves_out:
        given["DB_LEAVES_OUT"] = " ".join(dump.leaves_out)
    script = f"{_PROGRAM}/panda_infra/backup/scripts/{dump.engine}.sh"
    return _container(
        DUMPING,
        database.image,
        ["bash", script, "dump"],
        [
            *_plain(given),
            from_secret("DB_USER", secret, dump.user),
            from_secret("DB_PASSWORD", secret, dump.password),
        ],
        [],
    )


def _keeping(plan: Plan, settings: Backup, database: BackedUp) -> dict[str, Any]:
    given = {
        "PYTHONPATH": _PROGRAM,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "DATABASE": database.name,
        "ENGINE": database.dump.engine,
        "SOURCE": database.database,
        "KEEP": str(settings.keep),
    }
    store = settings.to
    if isinstance(store, BucketStore):
        given |= {
            "ENDPOINT": store.endpoint,
            "BUCKET": store.bucket,
            "FOLDER": store.folder or plan.stack,
            "REGION": store.region,
        }
        mount = {"name": "credential", "mountPath": _CREDENTIAL, "readOnly": True}
    else:
        given["CLAIM"] = _CLAIM
        mount = {"name": "backups", "mountPath": _CLAIM}
    return _container(
        KEEPING,
        plan.config.pulled(settings.image),
        ["python", "-m", "panda_infra.backup", "keep"],
        _plain(given),
        [mount],
    )


def _container(
    name: str, image: str, command: list[str], env: list[dict[str, Any]], mounts: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "command": command,
        "env": env,
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": confined_container(),
        # The reason of a failure is in the status, where it outlives the log.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "program", "mountPath": _PROGRAM, "readOnly": True},
            {"name": "work", "mountPath": _WORK},
            *mounts,
        ],
    }


def _volumes(settings: Backup) -> Iterator[dict[str, Any]]:
    yield _FILES.volume(NAME)
    yield {"name": "work", "emptyDir": {"sizeLimit": settings.scratch}}
    if isinstance(settings.to, BucketStore):
        yield {"name": "credential", "secret": {"secretName": NAME}}
    else:
        yield {"name": "backups", "persistentVolumeClaim": {"claimName": NAME}}


def _plain(given: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in given.items()]
