"""Rules for stacks with the PanDA server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.config.paths import spelled
from panda_infra.errors import Problem
from panda_infra.products.panda.checks import fixed_in_database, has_no_oracle, has_one_database
from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.products.rule import rule

if TYPE_CHECKING:
    from panda_infra.rules.subject import Subject

__all__ = [
    "extra_variables_have_names",
    "has_a_database",
    "its_job_pulls_without_a_log_in",
    "its_job_reaches_kubernetes",
    "nodes_are_recovered_once",
]

_OF_IMAGE = {"name": "panda_db", "user": "panda"}
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@rule("components")
def has_a_database(subject: Subject) -> Iterator[Problem]:
    """PanDA must have exactly one database: its embedded one, or a named external one."""
    panda = subject.config.components.get(Panda)
    if panda is None:
        return
    database, embedded = panda.settings.database, panda.postgres.enabled
    yield from has_one_database(subject.stack, "panda", "postgres", embedded=embedded, external=database.host)
    yield from has_no_oracle("panda", database.backend, embedded=embedded)
    if embedded:
        why = "the embedded postgres has this one alone, which its image makes"
        for key in ("name", "user"):
            yield from fixed_in_database("panda", key, getattr(database, key), _OF_IMAGE[key], why)


@rule("components")
def extra_variables_have_names(subject: Subject) -> Iterator[Problem]:
    """The names of the server's additional environment variables must be valid for a container."""
    panda = subject.config.components.get(Panda)
    for key in panda.server.extra_env if panda else ():
        if not _ENVIRONMENT.fullmatch(key):
            where = spelled(("components", "panda", "server", "extraEnv", key))
            what = "must be the name of an environment variable: letters, digits and underscores"
            yield Problem(where, what, "Write e.g. `PANDA_SERVER_CONF_MIN_WORKERS: '4'`.")


@rule("components", "nodeRecovery")
def nodes_are_recovered_once(subject: Subject) -> Iterator[Problem]:
    """The chart's job must not run beside node recovery: it deletes pods of nodes that may still be alive."""
    panda = subject.config.components.get(Panda)
    if panda and panda.node_recovery and subject.config.node_recovery:
        what = "deletes pods of lost nodes by force, unconfirmed, where `nodeRecovery` makes sure first"
        yield Problem(
            "components.panda.nodeRecovery", what, "Remove it: `nodeRecovery` does the same, and more."
        )


@rule("components", "registry")
def its_job_pulls_without_a_log_in(subject: Subject) -> Iterator[Problem]:
    """The chart's job names no Secret for the pull of its image."""
    panda = subject.config.components.get(Panda)
    if panda and panda.node_recovery and subject.config.pull:
        what = "could not pull its image: the chart gives this job no log-in at `registry.prefix`"
        yield Problem("components.panda.nodeRecovery", what, "Write the section `nodeRecovery` instead.")


@rule("components", "networkPolicies")
def its_job_reaches_kubernetes(subject: Subject) -> Iterator[Problem]:
    """The chart's job has pods without a label of their own, which no policy can let reach the API server."""
    panda, policies = subject.config.components.get(Panda), subject.config.network_policies
    if panda and panda.node_recovery and policies and policies.kind != "none":
        what = "could not ask the API server: network policies do not know its pods, which have no label"
        yield Problem("components.panda.nodeRecovery", what, "Write the section `nodeRecovery` instead.")
