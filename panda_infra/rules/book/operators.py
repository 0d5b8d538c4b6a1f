"""Rules about databases that an operator makes: each has its component, its image, and lets the operator in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panda_infra.config.operators import Servers
from panda_infra.config.stack import Settings
from panda_infra.errors import Problem
from panda_infra.plan.network.edges import policies_of
from panda_infra.products.databases import Database
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import WHOLE, rule
from panda_infra.rules.subject import Subject

__all__ = ["databases_are_used", "images_have_what_is_loaded", "operators_are_let_in"]


@rule(WHOLE)
def databases_are_used(subject: Subject) -> Iterator[Problem]:
    """Each database must have a component that uses it."""
    config = subject.config
    if config.postgres:
        known = {name: COMPONENTS[name].postgres for name in config.postgres.databases}
        yield from _used(config, "postgres", config.postgres.databases, known)
    if config.mariadb:
        served = {name: COMPONENTS[name].mariadb for name in config.mariadb.databases}
        yield from _used(config, "mariadb", config.mariadb.databases, served)


def _used(
    config: Settings, section: str, given: Mapping[str, Servers], known: Mapping[str, Database | None]
) -> Iterator[Problem]:
    for component, settings in given.items():
        database = known[component]
        where = f"{section}.databases.{component}"
        if component not in config.components.deployed():
            yield Problem(
                where, "is the database of a component that the stack does not deploy", "Remove it."
            )
        elif database:
            service = database.service(config.names, settings.instances)
            if database.host(config) != service:
                what = f"must be {service}, where `{where}` is reached"
                yield Problem(database.key, what, f"Write that host, and {database.beside} beside it.")


@rule("postgres", "mariadb", "networkPolicies")
def operators_are_let_in(subject: Subject) -> Iterator[Problem]:
    """Network policies must let the operator in, whose namespace only the site knows."""
    config = subject.config
    if policies_of(config) is None:
        return
    for key, section in (("postgres", config.postgres), ("mariadb", config.mariadb)):
        if section and section.namespace is None:
            what = "is missing: network policies would shut the operator out of its databases"
            fix = "Name the namespace in which the operator runs, e.g. `namespace: cnpg-system`."
            yield Problem(f"{key}.namespace", what, fix)


@rule("postgres")
def images_have_what_is_loaded(subject: Subject) -> Iterator[Problem]:
    """A database with extensions must name an image, because the operator's own has none of them."""
    section = subject.config.postgres
    for component, settings in section.databases.items() if section else ():
        database = COMPONENTS[component].postgres
        if database and database.extensions and settings.image is None:
            what = f"is missing: the operator's own has no {' and '.join(database.extensions)}"
            fix = "Name an image that is made for CloudNativePG and has them."
            yield Problem(f"postgres.databases.{component}.image", what, fix)
