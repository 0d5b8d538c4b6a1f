"""Rules for stacks with Harvester."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.errors import Problem
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.checks import fixed_in_database, has_one_database
from panda_infra.products.panda.components.harvester.contents import TOKEN_ENDPOINT
from panda_infra.products.panda.components.harvester.models import Harvester, HarvesterDatabase
from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.panda.limits import reads_otherwise
from panda_infra.products.rule import rule
from panda_infra.products.workloads import Volume

if TYPE_CHECKING:
    from panda_infra.rules.subject import Subject

__all__ = [
    "endpoint_is_the_issuers",
    "has_a_database",
    "identity_is_a_text",
    "replicas_have_databases",
    "working_folders_have_the_class_of_logs",
]

_PER_REPLICA = tuple(name for name, experiment in EXPERIMENTS.items() if experiment.per_replica)
_WHERE = "components.harvester.settings.database"


@rule("components")
def has_a_database(subject: Subject) -> Iterator[Problem]:
    """Harvester must have exactly one database: its embedded one, or a named external one."""
    harvester = subject.config.components.get(Harvester)
    if harvester is None:
        return
    database, embedded = harvester.settings.database, harvester.mariadb.enabled
    external = database.host or database.host_per_replica
    yield from has_one_database(subject.stack, "harvester", "mariadb", embedded=embedded, external=external)
    why = "the charts' configuration of Harvester names no user, so that it always logs in as this one"
    yield from fixed_in_database("harvester", "user", database.user, "harvester", why)


@rule("components")
def identity_is_a_text(subject: Subject) -> Iterator[Problem]:
    """The id may not be a number or a keyword of Python, because Harvester would not read it as text."""
    harvester = subject.config.components.get(Harvester)
    if harvester and reads_otherwise(harvester.settings.harvester_id or ""):
        what = "is read as a number or a word of Python by Harvester's configuration"
        yield Problem("components.harvester.settings.harvesterId", what, "Put a letter before it.")


@rule("components", "auth")
def endpoint_is_the_issuers(subject: Subject) -> Iterator[Problem]:
    """The endpoint must be the one that Harvester derives from the issuer (T16)."""
    auth = subject.config.of(AuthSettings)
    if auth.internal is None or subject.config.components.get(Harvester) is None:
        return
    own = auth.internal.token_endpoint
    given = own or auth.token_endpoint
    if given and not given.endswith(TOKEN_ENDPOINT):
        where = "auth.internal.tokenEndpoint" if own else "auth.tokenEndpoint"
        what = f"does not end with {TOKEN_ENDPOINT}, which Harvester appends to the issuer of its tokens"
        yield Problem(where, what, "Name an endpoint that does, e.g. https://panda-iam-doma.cern.ch/token.")


@rule("components", "storage")
def working_folders_have_the_class_of_logs(subject: Subject) -> Iterator[Problem]:
    """The class of the working folders must be that of the logs, because the chart uses the latter for both (T23)."""
    config, default = subject.config, Volume()
    harvester = config.components.get(Harvester)
    volumes = harvester.harvester.volumes if harvester else {}
    logs, folders = volumes.get("logs", default).class_name, volumes.get("wdirs", default).class_name
    if folders and folders != (logs or config.storage.class_name):
        what = "has no effect: the chart takes this class from the volume `logs`"
        where = "components.harvester.harvester.volumes.wdirs.class"
        yield Problem(where, what, f"Write `logs: {{class: {folders}}}` too, or remove it.")


@rule("components", "experiment")
def replicas_have_databases(subject: Subject) -> Iterator[Problem]:
    """Each replica of Harvester must have a database, so settings for one database per replica must fit together."""
    config = subject.config
    harvester = config.components.get(Harvester)
    if harvester is None:
        return
    database = harvester.settings.database
    per_replica = [key for key, value in _per_replica(database).items() if value]
    if not EXPERIMENTS[config.experiment].per_replica:
        for key in per_replica:
            what = f"has no effect: only the scripts of {' and '.join(_PER_REPLICA)} read it"
            yield Problem(f"{_WHERE}.{key}", what, "Remove it: the replicas share one database.")
    elif per_replica and harvester.harvester.replica_counts == "autoscaler":
        what = f"an autoscaler would start replicas for which `{per_replica[0]}` has no database"
        fix = "Remove one of the two: databases are made for as many replicas as the stack file names."
        yield Problem("components.harvester.harvester.replicaCounts", what, fix)
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
