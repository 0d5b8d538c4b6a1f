"""The objects by which mariadb-operator makes servers, databases and their users, and archives changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from panda_infra.config.mariadb import MariaDb, MariaDbBackup, MariaDbServers
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.network.databases import database_label
from panda_infra.plan.operators import READY, Served, login_secret, metadata, served, storage_class
from panda_infra.products.databases import MariaDbDatabase

__all__ = [
    "API",
    "ARCHIVE_KEYS",
    "ARCHIVE_SECRET",
    "LOGIN_KEY",
    "ROOT_KEY",
    "ROOT_SECRET",
    "STAGES",
    "TRUST_KEY",
    "OperatedMariaDb",
    "mariadb_names",
    "mariadb_objects",
    "mariadb_recovery",
    "operated_mariadb",
]

API = "k8s.mariadb.com/v1alpha1"
ARCHIVE_SECRET = "panda-infra-mariadb-archive"  # noqa: S105 - a name
"""The name of the Secret with the bucket's credentials, and of the authorities that signed its certificate."""
ARCHIVE_KEYS = ("accessKey", "secretKey")
TRUST_KEY = "ca.crt"
ROOT_SECRET = "panda-infra-mariadb-root"  # noqa: S105 - a name
"""The name of the Secret with root's password, which all servers share."""
ROOT_KEY = "password"
LOGIN_KEY = "hash"
"""The key of the hash of a user's password: the operator would not quote the password itself in its statements."""
OperatedMariaDb = Served[MariaDbDatabase, MariaDbServers]
"""The servers that the operator makes for one component."""
STAGES = (
    frozenset({"PhysicalBackup", "PointInTimeRecovery"}),
    frozenset({"MariaDB"}),
    frozenset({"Database", "User"}),
    frozenset({"Grant", "SqlJob"}),
)
"""The kinds of objects, each after those that it needs."""
# The operator's schedules are five fields.
_SCHEDULES: Mapping[str, str] = MappingProxyType(
    {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}
)
_HOURS: Mapping[str, int] = MappingProxyType({"d": 24, "w": 7 * 24, "m": 31 * 24})
# Connections beside those of the components: of the operator, the agents beside the servers, replicas, administrators.
_OTHERS = 50
# Suffixes of the Services and Secrets that the operator makes.
_ENDS = ("", "-primary", "-secondary", "-internal", "-login")
# The operator archives a file of changes after the server has closed it; by default the server does so after a
# gibibyte.
_CLOSED_EVERY = "*/15 * * * *"
# By default servers keep these files for ever.
_KEPT_SECONDS = 7 * 24 * 3600


def operated_mariadb(plan: Plan) -> tuple[OperatedMariaDb, ...]:
    """The servers of every component in the section `mariadb`."""
    section = plan.config.mariadb
    return tuple(served(plan, section.databases, lambda spec: spec.mariadb)) if section else ()


def mariadb_names(plan: Plan) -> frozenset[str]:
    """The names of all objects in the namespace, of the operator's Services too."""
    beside = {f"{each.cluster}{end}" for each in operated_mariadb(plan) for end in _ENDS}
    made = {str(each.fields["metadata"]["name"]) for _, each in mariadb_objects(plan)}
    return frozenset(beside | made | ({ARCHIVE_SECRET, ROOT_SECRET} if made else set()))


def mariadb_objects(plan: Plan) -> tuple[tuple[str, ClusterObject], ...]:
    """Each object but the Secrets with its component, in the order of their stages."""
    section = plan.config.mariadb
    if section is None:
        return ()
    made = [
        (each.component, wanted)
        for each in operated_mariadb(plan)
        for wanted in _objects(plan, section, each)
    ]
    order = {kind: stage for stage, kinds in enumerate(STAGES) for kind in kinds}
    return tuple(sorted(made, key=lambda one: order[one[1].kind]))


def mariadb_recovery(plan: Plan, each: OperatedMariaDb, moment: datetime, name: str) -> dict[str, Any]:
    """The description of servers beside the live ones, whose content is that of a moment; nothing archives them."""
    spec = _servers(plan, each) | {
        "bootstrapFrom": {
            "pointInTimeRecoveryRef": {"name": each.cluster},
            "targetRecoveryTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "stagingStorage": _staging(plan, each),
        }
    }
    # The volumes of a restored copy go with it, because the live database has its own.
    spec["storage"]["pvcRetentionPolicy"] = {"whenDeleted": "Delete", "whenScaled": "Delete"}
    return {"apiVersion": API, "kind": "MariaDB", "metadata": metadata(plan, name), "spec": spec}


def _objects(plan: Plan, section: MariaDb, each: OperatedMariaDb) -> Iterator[ClusterObject]:
    # A rule refuses an archive of a single server, because the operator makes none.
    archived = section.backup if each.settings.instances > 1 else None
    if archived:
        yield from _archived(plan, archived, each)
    yield _awaited(plan, "MariaDB", each.cluster, _live(plan, each, archived=archived is not None))
    user = each.database.owner(plan.config)
    spec = {
        "mariaDbRef": {"name": each.cluster},
        "name": user,
        "passwordHashSecretKeyRef": {"name": login_secret(each), "key": LOGIN_KEY},
        "maxUserConnections": each.database.connections,
    }
    yield _inside(plan, "User", f"{each.cluster}-user", spec)
    for database in each.database.databases(plan.config):
        yield from _database(plan, each, database, user)


def _database(plan: Plan, each: OperatedMariaDb, database: str, user: str) -> Iterator[ClusterObject]:
    """A database, and the rights of the user in it."""
    # Names of objects have no underscores and no capital letters.
    name = f"{each.cluster}-{database.lower().replace('_', '-')}"
    made = {
        "mariaDbRef": {"name": each.cluster},
        "name": database,
        "characterSet": each.database.character_set,
        "collate": each.database.collation,
    }
    yield _inside(plan, "Database", name, made)
    allowed = {
        "mariaDbRef": {"name": each.cluster},
        "privileges": list(each.database.rights),
        "database": database,
        "table": "*",
        "username": user,
    }
    yield _inside(plan, "Grant", name, allowed)


def _inside(plan: Plan, kind: str, name: str, spec: dict[str, Any]) -> ClusterObject:
    """An object inside of the servers, such as a database: it is data, so it stays when its resource is deleted."""
    return _awaited(plan, kind, name, {**spec, "cleanupPolicy": "Skip"})


def _awaited(plan: Plan, kind: str, name: str, spec: dict[str, Any]) -> ClusterObject:
    """An object for which the engine waits until the operator reports that it is ready."""
    fields = {"metadata": metadata(plan, name, **{"pulumi.com/waitFor": READY}), "spec": spec}
    return ClusterObject(API, kind, f"{kind.lower()}-{name}", fields)


def _archived(plan: Plan, backup: MariaDbBackup, each: OperatedMariaDb) -> Iterator[ClusterObject]:
    """The schedule of base backups, the places of them and of all changes, and the job that closes files of changes."""
    base = {
        **plan.config.pull,
        "inheritMetadata": _inherited(each),
        "mariaDbRef": {"name": each.cluster},
        # A single replica may be down, so backups are made by the primary too.
        "target": "PreferReplica",
        "compression": "gzip",
        "maxRetention": f"{int(backup.retention[:-1]) * _HOURS[backup.retention[-1]]}h",
        "schedule": {"cron": _SCHEDULES.get(backup.schedule, backup.schedule), "immediate": True},
        "storage": {"s3": _place(plan, backup, each, "base")},
        "stagingStorage": _staging(plan, each),
    }
    changes = {
        "physicalBackupRef": {"name": each.cluster},
        "storage": {"s3": _place(plan, backup, each, "changes")},
        "compression": "gzip",
        # A restore to an earlier time than the wanted one would go unnoticed otherwise.
        "strictMode": True,
    }
    closing = {
        **plan.config.pull,
        "inheritMetadata": _inherited(each),
        "mariaDbRef": {"name": each.cluster},
        "username": "root",
        "passwordSecretKeyRef": {"name": ROOT_SECRET, "key": ROOT_KEY},
        "schedule": {"cron": _CLOSED_EVERY},
        "successfulJobsHistoryLimit": 1,
        "sql": "FLUSH LOCAL BINARY LOGS;",
    }
    for kind, spec in (("PhysicalBackup", base), ("PointInTimeRecovery", changes), ("SqlJob", closing)):
        fields = {"metadata": metadata(plan, each.cluster), "spec": spec}
        yield ClusterObject(API, kind, f"{kind.lower()}-{each.cluster}", fields)


def _inherited(each: OperatedMariaDb) -> dict[str, Any]:
    """The metadata of everything that the operator makes of an object: network policies know its pods by it."""
    return {"labels": database_label(each.cluster)}


def _place(plan: Plan, backup: MariaDbBackup, each: OperatedMariaDb, content: str) -> dict[str, Any]:
    """A folder of the bucket, which no other servers use."""
    server = urlsplit(backup.endpoint)
    access, secret = ({"name": ARCHIVE_SECRET, "key": key} for key in ARCHIVE_KEYS)
    trust = {"enabled": True, "caSecretKeyRef": {"name": ARCHIVE_SECRET, "key": TRUST_KEY}}
    return {
        "endpoint": server.netloc,
        "bucket": backup.bucket,
        "prefix": f"{backup.folder or plan.stack}/{each.cluster}/{content}",
        "accessKeyIdSecretKeyRef": access,
        "secretAccessKeySecretKeyRef": secret,
        **({"tls": trust} if server.scheme == "https" else {}),
    }


def _staging(plan: Plan, each: OperatedMariaDb) -> dict[str, Any]:
    """The volume of a base backup on its way: the disk of a node could be too small for it."""
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": each.settings.size}},
        "storageClassName": storage_class(plan, each.settings),
    }
    return {"persistentVolumeClaim": claim}


def _live(plan: Plan, each: OperatedMariaDb, *, archived: bool) -> dict[str, Any]:
    spec = _servers(plan, each)
    if archived:
        spec["pointInTimeRecoveryRef"] = {"name": each.cluster}
        # The source from which a new replica gets its content.
        spec["replication"]["replica"] = {
            "bootstrapFrom": {"physicalBackupTemplateRef": {"name": each.cluster}}
        }
    return spec


def _servers(plan: Plan, each: OperatedMariaDb) -> dict[str, Any]:
    """The specification of a component's servers, whatever is in them."""
    settings, connections = each.settings, each.database.connections
    kept = "Retain" if plan.config.lifecycle.protect else "Delete"
    options = {
        "max_connections": connections + _OTHERS,
        # Programs that were written for servers before 11.6 do not repeat a statement that this setting's default
        # refuses.
        "loose_innodb_snapshot_isolation": "OFF",
        "binlog_expire_logs_seconds": _KEPT_SECONDS,
    }
    spec: dict[str, Any] = {
        **plan.config.pull,
        "image": plan.config.pulled(settings.image or ":".join(each.database.image)),
        "rootPasswordSecretKeyRef": {"name": ROOT_SECRET, "key": ROOT_KEY},
        "replicas": settings.instances,
        "inheritMetadata": _inherited(each),
        "myCnf": "".join(["[mariadb]\n", *(f"{key}={value}\n" for key, value in options.items())]),
        "storage": {
            "size": settings.size,
            "storageClassName": storage_class(plan, settings),
            "pvcRetentionPolicy": {"whenDeleted": kept, "whenScaled": "Retain"},
        },
    }
    if settings.instances > 1:
        spec["replication"] = {"enabled": True}
    return spec
