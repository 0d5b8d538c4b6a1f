"""The objects of databases that CloudNativePG makes: its clusters, where they archive, and when they are backed up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from panda_infra.config.postgres import OperatedDatabase, Postgres, PostgresBackup
from panda_infra.config.standby import OtherArchive, Standby
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.network.databases import database_label
from panda_infra.plan.operators import READY, Served, login_secret, metadata, served, storage_class
from panda_infra.plan.standby import stands_by
from panda_infra.products.databases import PostgresDatabase

__all__ = [
    "API",
    "ARCHIVE_KEYS",
    "ARCHIVE_SECRET",
    "OTHER_SECRET",
    "PLUGIN_API",
    "STAGES",
    "Operated",
    "operated",
    "postgres_names",
    "postgres_objects",
    "recovery",
]

API, PLUGIN_API = "postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"
ARCHIVE_SECRET = "panda-infra-postgres-archive"  # noqa: S105 - a name
"""The name of the Secret with the bucket's credentials, and of the place of the archive."""
ARCHIVE_KEYS = ("accessKey", "secretKey")
OTHER_SECRET = "panda-infra-postgres-other"  # noqa: S105 - a name
"""The name of the place where the other stack of a pair archives, and of the Secret with credentials for it, if any."""
_ORIGIN = "origin"
_PLUGIN = "barman-cloud.cloudnative-pg.io"


Operated = Served[PostgresDatabase, OperatedDatabase]
"""A database that the operator makes."""
STAGES = (frozenset({"ObjectStore"}), frozenset({"Cluster"}), frozenset({"ScheduledBackup"}))
"""The kinds of objects, each after those that it needs."""


def operated(plan: Plan) -> tuple[Operated, ...]:
    """Every database of the section `postgres`."""
    section = plan.config.postgres
    return tuple(served(plan, section.databases, lambda spec: spec.postgres)) if section else ()


def postgres_names(plan: Plan) -> frozenset[str]:
    """The names of all objects in the namespace, of the operator's Services too."""
    made = {f"{each.cluster}{end}" for each in operated(plan) for end in ("", "-login", "-rw", "-ro", "-r")}
    return frozenset(made | ({ARCHIVE_SECRET, OTHER_SECRET} if made else set()))


def postgres_objects(plan: Plan) -> tuple[tuple[str, ClusterObject], ...]:
    """Each object but the Secrets with its component, none for those of all, in the order of their stages."""
    section, found = plan.config.postgres, operated(plan)
    if section is None:
        return ()
    archive = [("", each) for each in _archives(plan, section.backup)] if section.backup else []
    clusters = [(each.component, _cluster(plan, section, each)) for each in found]
    scheduled = (
        [(each.component, _scheduled(plan, section.backup, each)) for each in found] if section.backup else []
    )
    return (*archive, *clusters, *scheduled)


def recovery(plan: Plan, each: Operated, moment: datetime | None, name: str) -> dict[str, Any]:
    """The description of servers beside the live ones, whose content is that of a moment; nothing archives them.

    Without a moment, everything that is archived is there.
    """
    until = {"recoveryTarget": {"targetTime": moment.astimezone(UTC).isoformat()}} if moment else {}
    spec = _servers(plan, each) | {
        "instances": 1,
        "bootstrap": {"recovery": {"source": _ORIGIN, **_login(plan, each), **until}},
        "externalClusters": [_archived(_ORIGIN, ARCHIVE_SECRET, each.cluster)],
    }
    return {"apiVersion": API, "kind": "Cluster", "metadata": metadata(plan, name), "spec": spec}


def _archives(plan: Plan, backup: PostgresBackup) -> Iterator[ClusterObject]:
    """The archive of the stack's databases, and that of the other stack of a pair, which is only read."""
    own = {"retentionPolicy": backup.retention, "configuration": _store(backup, plan.stack, ARCHIVE_SECRET)}
    yield ClusterObject(
        PLUGIN_API, "ObjectStore", "archive", {"metadata": metadata(plan, ARCHIVE_SECRET), "spec": own}
    )
    standby = plan.config.standby
    if standby is None:
        return
    place = standby.archive or backup.model_copy(update={"folder": None})
    secret = OTHER_SECRET if standby.archive else ARCHIVE_SECRET
    other = {"configuration": _store(place, standby.other(plan.stack), secret)}
    yield ClusterObject(
        PLUGIN_API, "ObjectStore", "other", {"metadata": metadata(plan, OTHER_SECRET), "spec": other}
    )


def _store(place: PostgresBackup | OtherArchive, stack: str, secret: str) -> dict[str, Any]:
    keys = dict(zip(("accessKeyId", "secretAccessKey"), ARCHIVE_KEYS, strict=True))
    return {
        "destinationPath": f"s3://{place.bucket}/{place.folder or stack}",
        "endpointURL": place.endpoint,
        "s3Credentials": {field: {"name": secret, "key": key} for field, key in keys.items()},
        "wal": {"compression": "gzip"},
        "data": {"compression": "gzip"},
    }


def _cluster(plan: Plan, section: Postgres, each: Operated) -> ClusterObject:
    spec = _servers(plan, each) | {"bootstrap": {"initdb": _first(plan, each)}}
    if plan.config.standby:
        spec |= _replicated(plan, plan.config.standby, each)
    if section.backup:
        spec["plugins"] = [
            {"name": _PLUGIN, "isWALArchiver": True, "parameters": {"barmanObjectName": ARCHIVE_SECRET}}
        ]
    fields = {"metadata": metadata(plan, each.cluster, **_awaited(spec)), "spec": spec}
    return ClusterObject(API, "Cluster", each.cluster, fields)


def _awaited(spec: Mapping[str, Any]) -> dict[str, str]:
    """The annotation that makes the engine wait until the operator has made a database, or has promoted it."""
    if not spec.get("replica", {}).get("promotionToken"):
        return {"pulumi.com/waitFor": READY}
    # The operator clears it while a database follows.
    return {"pulumi.com/waitFor": json.dumps([READY, "jsonpath={.status.lastPromotionToken}"])}


def _replicated(plan: Plan, standby: Standby, each: Operated) -> dict[str, Any]:
    """The replication of a pair; the servers of both stacks have one name, so each is named after its stack.

    How a database begins matters only when it is made: one that stands by begins with a copy of the other's content.
    """
    stack, other = plan.stack, standby.other(plan.stack)
    replica = {"self": stack, "primary": standby.of, "source": other}
    made: dict[str, Any] = {
        "externalClusters": [
            _archived(stack, ARCHIVE_SECRET, each.cluster),
            _archived(other, OTHER_SECRET, each.cluster),
        ]
    }
    if stands_by(plan):
        made["bootstrap"] = {"recovery": {"source": other, **_login(plan, each)}}
    elif token := standby.tokens.get(each.component):
        replica["promotionToken"] = token
    return {**made, "replica": replica}


def _archived(name: str, store: str, server: str) -> dict[str, Any]:
    """Servers whose changes are in an archive."""
    parameters = {"barmanObjectName": store, "serverName": server}
    return {"name": name, "plugin": {"name": _PLUGIN, "parameters": parameters}}


def _login(plan: Plan, each: Operated) -> dict[str, Any]:
    """The database with its user, whose password is in a Secret."""
    return {
        "database": each.database.name(plan.config),
        "owner": each.database.owner(plan.config),
        "secret": {"name": login_secret(each)},
    }


def _servers(plan: Plan, each: Operated) -> dict[str, Any]:
    """The part of a Cluster that describes its servers, not their content."""
    database, settings = each.database, each.settings
    spec: dict[str, Any] = {
        **plan.config.pull,
        "instances": settings.instances,
        "storage": {"size": settings.size, "storageClass": storage_class(plan, settings)},
        "inheritedMetadata": {"labels": database_label(each.cluster)},
    }
    if settings.image:
        spec["imageName"] = plan.config.pulled(settings.image)
    if database.preloaded:
        spec["postgresql"] = {"shared_preload_libraries": list(database.preloaded)}
    return spec


def _first(plan: Plan, each: Operated) -> dict[str, Any]:
    database = each.database
    made = _login(plan, each)
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
    fields = {"metadata": metadata(plan, each.cluster), "spec": spec}
    return ClusterObject(API, "ScheduledBackup", f"{each.cluster}-backup", fields)
