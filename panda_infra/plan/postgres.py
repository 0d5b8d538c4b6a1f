"""The objects of databases that CloudNativePG makes: its clusters, where they archive, and when they are backed up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from panda_infra.config.postgres import OperatedDatabase, Postgres, PostgresBackup
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.products.databases import Database
from panda_infra.products.registry import COMPONENTS

__all__ = [
    "API",
    "ARCHIVE_KEYS",
    "ARCHIVE_SECRET",
    "PLUGIN_API",
    "Operated",
    "login_secret",
    "operated",
    "postgres_names",
    "postgres_objects",
    "recovery",
]

API, PLUGIN_API = "postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"
ARCHIVE_SECRET = "panda-infra-postgres-archive"  # noqa: S105 - a name
"""The name of the Secret with the bucket's credentials, and of the place of the archive."""
ARCHIVE_KEYS = ("accessKey", "secretKey")
_ORIGIN = "origin"
_PLUGIN = "barman-cloud.cloudnative-pg.io"
# What the operator has made, and not a moment earlier.
_AWAITED = {"pulumi.com/waitFor": "condition=Ready"}


@dataclass(frozen=True)
class Operated:
    """A database that the operator makes: for which component, under which name, with which settings."""

    component: str
    cluster: str
    database: Database
    settings: OperatedDatabase


def operated(plan: Plan) -> tuple[Operated, ...]:
    """Every database of the section `postgres`."""
    section = plan.config.postgres
    return tuple(_operated(plan, section)) if section else ()


def _operated(plan: Plan, section: Postgres) -> Iterator[Operated]:
    for component, settings in section.databases.items():
        database = COMPONENTS[component].database
        if database:
            yield Operated(component, database.cluster(plan.names), database, settings)


def login_secret(each: Operated) -> str:
    """Name of the Secret by which the operator makes the user and keeps its password."""
    return f"{each.cluster}-login"


def postgres_names(plan: Plan) -> frozenset[str]:
    """The names of all objects in the namespace, of the operator's Services too."""
    made = {f"{each.cluster}{end}" for each in operated(plan) for end in ("", "-login", "-rw", "-ro", "-r")}
    return frozenset(made | ({ARCHIVE_SECRET} if made else set()))


def postgres_objects(plan: Plan) -> tuple[tuple[str, ClusterObject], ...]:
    """Each object but the Secrets with its component, none for those of all, in an order in which each finds others."""
    section, found = plan.config.postgres, operated(plan)
    if section is None:
        return ()
    archive = [("", _archive(plan, section.backup))] if section.backup else []
    clusters = [(each.component, _cluster(plan, section, each)) for each in found]
    scheduled = (
        [(each.component, _scheduled(plan, section.backup, each)) for each in found] if section.backup else []
    )
    return (*archive, *clusters, *scheduled)


def recovery(plan: Plan, each: Operated, moment: datetime, name: str) -> dict[str, Any]:
    """The description of servers beside the live ones, whose content is that of a moment; nothing archives them."""
    spec = _servers(plan, each) | {
        "instances": 1,
        "bootstrap": {
            "recovery": {
                "source": _ORIGIN,
                "database": each.database.name(plan.config),
                "owner": each.database.owner(plan.config),
                "secret": {"name": login_secret(each)},
                "recoveryTarget": {"targetTime": moment.astimezone(UTC).isoformat()},
            }
        },
        "externalClusters": [
            {
                "name": _ORIGIN,
                "plugin": {
                    "name": _PLUGIN,
                    "parameters": {"barmanObjectName": ARCHIVE_SECRET, "serverName": each.cluster},
                },
            }
        ],
    }
    return {"apiVersion": API, "kind": "Cluster", "metadata": _metadata(plan, name), "spec": spec}


def _metadata(plan: Plan, name: str, **annotations: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": plan.config.namespace,
        "annotations": {**annotations, **plan.owner.mark},
    }


def _archive(plan: Plan, backup: PostgresBackup) -> ClusterObject:
    keys = dict(zip(("accessKeyId", "secretAccessKey"), ARCHIVE_KEYS, strict=True))
    spec = {
        "retentionPolicy": backup.retention,
        "configuration": {
            "destinationPath": f"s3://{backup.bucket}/{backup.folder or plan.stack}",
            "endpointURL": backup.endpoint,
            "s3Credentials": {field: {"name": ARCHIVE_SECRET, "key": key} for field, key in keys.items()},
            "wal": {"compression": "gzip"},
            "data": {"compression": "gzip"},
        },
    }
    fields = {"metadata": _metadata(plan, ARCHIVE_SECRET), "spec": spec}
    return ClusterObject(PLUGIN_API, "ObjectStore", "archive", fields)


def _cluster(plan: Plan, section: Postgres, each: Operated) -> ClusterObject:
    spec = _servers(plan, each) | {"bootstrap": {"initdb": _first(plan, each)}}
    if section.backup:
        spec["plugins"] = [
            {"name": _PLUGIN, "isWALArchiver": True, "parameters": {"barmanObjectName": ARCHIVE_SECRET}}
        ]
    fields = {"metadata": _metadata(plan, each.cluster, **_AWAITED), "spec": spec}
    return ClusterObject(API, "Cluster", each.cluster, fields)


def _servers(plan: Plan, each: Operated) -> dict[str, Any]:
    """What servers of a database are like, whatever is in it."""
    database, settings = each.database, each.settings
    spec: dict[str, Any] = {
        "instances": settings.instances,
        "storage": {
            "size": settings.size,
            "storageClass": settings.class_name or plan.config.storage.class_name,
        },
    }
    if settings.image:
        spec["imageName"] = settings.image
    if database.preloaded:
        spec["postgresql"] = {"shared_preload_libraries": list(database.preloaded)}
    return spec


def _first(plan: Plan, each: Operated) -> dict[str, Any]:
    database = each.database
    made: dict[str, Any] = {
        "database": database.name(plan.config),
        "owner": database.owner(plan.config),
        "secret": {"name": login_secret(each)},
    }
    if database.prepared:
        made["postInitSQL"] = list(database.prepared)
    if database.inside:
        made["postInitApplicationSQL"] = list(database.inside)
    return made


def _scheduled(plan: Plan, backup: PostgresBackup, each: Operated) -> ClusterObject:
    spec = {
        # The operator's schedules begin with seconds.
        "schedule": f"0 {backup.schedule}" if " " in backup.schedule else backup.schedule,
        "immediate": True,
        "backupOwnerReference": "cluster",
        "cluster": {"name": each.cluster},
        "method": "plugin",
        "pluginConfiguration": {"name": _PLUGIN},
    }
    fields = {"metadata": _metadata(plan, each.cluster), "spec": spec}
    return ClusterObject(API, "ScheduledBackup", f"{each.cluster}-backup", fields)
