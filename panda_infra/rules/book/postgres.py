"""Rules about databases that an operator makes: each has its component, which has no other one."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import WHOLE, rule
from panda_infra.rules.subject import Subject

__all__ = ["databases_are_used", "images_have_what_is_loaded", "policies_know_their_pods"]


@rule(WHOLE)
def databases_are_used(subject: Subject) -> Iterator[Problem]:
    """A database that no component uses would be made for nobody."""
    config = subject.config
    for component in config.postgres.databases if config.postgres else ():
        database = COMPONENTS[component].database
        where = f"postgres.databases.{component}"
        if component not in config.components.deployed():
            yield Problem(
                where, "is the database of a component that the stack does not deploy", "Remove it."
            )
        elif database and database.host(config) != database.service(config.names):
            what = f"must be {database.service(config.names)}, where `{where}` is reached"
            yield Problem(
                database.key, what, "Write that host, and switch the chart's own database off if it has one."
            )


@rule("postgres")
def images_have_what_is_loaded(subject: Subject) -> Iterator[Problem]:
    """The operator's own image has no extension that others have written."""
    section = subject.config.postgres
    for component, settings in section.databases.items() if section else ():
        database = COMPONENTS[component].database
        if database and database.extensions and settings.image is None:
            what = f"is missing: the operator's own has no {' and '.join(database.extensions)}"
            fix = "Name an image that is made for CloudNativePG and has them."
            yield Problem(f"postgres.databases.{component}.image", what, fix)


@rule("postgres", "networkPolicies")
def policies_know_their_pods(subject: Subject) -> Iterator[Problem]:
    """Policies are made of what the components describe, and none describes the operator's pods."""
    section = subject.config.network_policies
    if subject.config.postgres and section and section.kind != "none":
        what = "would shut the operator out of its databases: they do not know its pods"
        yield Problem(
            "networkPolicies.kind", what, "Write `kind: none`, or use databases outside of the stack."
        )
