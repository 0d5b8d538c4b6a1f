"""Replica counts and per-replica databases that must agree (T29)."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.settings.harvester import HarvesterDatabase
from panda_infra.errors import Problem
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]

# Their set-up scripts alone read which database belongs to a replica.
_PER_REPLICA = frozenset({"lsst", "lsst-prod"})
_WHERE = "components.harvester.settings.database"


@rule("components", "experiment")
def check(subject: Subject) -> Iterator[Problem]:
    """Harvester's replicas find the databases that are made for them: names and numbers have one source."""
    config = subject.config
    if config.components.harvester is None:
        return
    harvester = config.components.harvester
    database = harvester.settings.database
    per_replica = [key for key, value in _per_replica(database).items() if value]
    if per_replica and harvester.harvester.replica_counts == "autoscaler":
        what = f"an autoscaler would start replicas for which `{per_replica[0]}` has no database"
        fix = "Remove one of the two: databases are made for as many replicas as the stack file names."
        yield Problem("components.harvester.harvester.replicaCounts", what, fix)
    if config.experiment not in _PER_REPLICA:
        for key in per_replica:
            what = f"has no effect: only the scripts of {' and '.join(sorted(_PER_REPLICA))} read it"
            yield Problem(f"{_WHERE}.{key}", what, "Remove it: the replicas share one database.")
    if database.host and database.host_per_replica:
        what = "contradicts `host`: every replica has its own host, or all have one"
        yield Problem(f"{_WHERE}.hostPerReplica", what, "Keep one of them.")
    if database.domain_per_replica and not database.host_per_replica:
        what = "has no effect without `hostPerReplica`"
        yield Problem(f"{_WHERE}.domainPerReplica", what, "Add `hostPerReplica: ...`, or remove it.")


def _per_replica(database: HarvesterDatabase) -> dict[str, object]:
    return {
        "databasePerReplica": database.database_per_replica,
        "hostPerReplica": database.host_per_replica,
    }
