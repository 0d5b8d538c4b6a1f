"""Each component has exactly one database: its embedded one, or an external one that is named.

What an image or a chart fixes about a database, a stack cannot choose.
"""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.messages import set_setting
from panda_infra.errors import Problem
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]

_OF_IMAGE = {"name": "panda_db", "user": "panda"}


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """An external host is given when the embedded database is off, and only then."""
    config = subject.config
    panda, idds, harvester = config.components.panda, config.components.idds, config.components.harvester
    if panda:
        external = panda.settings.database.host
        yield from _one(
            subject.stack, "panda", "postgres", embedded=panda.postgres.enabled, external=external
        )
        yield from _backend("panda", panda.settings.database.backend, embedded=panda.postgres.enabled)
        if panda.postgres.enabled:
            why = "the embedded postgres has this one alone, which its image makes"
            for key in ("name", "user"):
                yield from _fixed("panda", key, getattr(panda.settings.database, key), _OF_IMAGE[key], why)
    if idds:
        external = idds.settings.database.host
        yield from _one(subject.stack, "idds", "postgres", embedded=idds.postgres.enabled, external=external)
        yield from _backend("idds", idds.settings.database.backend, embedded=idds.postgres.enabled)
    if harvester:
        database = harvester.settings.database
        external = database.host or database.host_per_replica
        yield from _one(
            subject.stack, "harvester", "mariadb", embedded=harvester.mariadb.enabled, external=external
        )
        why = "the charts' configuration of Harvester names no user, so that it always logs in as this one"
        yield from _fixed("harvester", "user", database.user, "harvester", why)


def _fixed(component: str, key: str, given: str, fixed: str, why: str) -> Iterator[Problem]:
    if given != fixed:
        what = f"must be {fixed}: {why}"
        yield Problem(
            f"components.{component}.settings.database.{key}", what, f"Remove it, or write {fixed}."
        )


def _one(stack: str, component: str, name: str, *, embedded: bool, external: str | None) -> Iterator[Problem]:
    where = f"components.{component}.settings.database.host"
    if not embedded and not external:
        what = f"is missing: the embedded {name} is switched off"
        fix = f"Run `{set_setting(stack, where, 'HOST')}`, or remove `{name}: {{enabled: false}}`."
        yield Problem(where, what, fix, awaits_site=True)
    if embedded and external:
        what = f"names an external database, but the embedded {name} is on"
        yield Problem(where, what, f"Write `{name}: {{enabled: false}}`, or remove the host.")


def _backend(component: str, backend: str, *, embedded: bool) -> Iterator[Problem]:
    if backend == "oracle" and embedded:
        where = f"components.{component}.settings.database.backend"
        what = "oracle is never embedded, but the embedded postgres is on"
        fix = "Write `postgres: {enabled: false}` and give `settings.database.host`, its TNS alias."
        yield Problem(where, what, fix)
