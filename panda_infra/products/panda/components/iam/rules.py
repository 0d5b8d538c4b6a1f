"""Rules about INDIGO IAM's database, which upstream's defaults leave out (T27), and its identity provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.errors import Problem
from panda_infra.products.panda.components.iam.models import Iam
from panda_infra.products.panda.components.iam_db import IamDb
from panda_infra.products.rule import rule

if TYPE_CHECKING:
    from panda_infra.rules.subject import Subject

__all__ = ["has_a_database", "has_its_provider"]


@rule("components")
def has_a_database(subject: Subject) -> Iterator[Problem]:
    """IAM must have exactly one of the chart's own MariaDB, the component iam-db, and an external host."""
    config = subject.config
    iam, iam_db = config.components.get(Iam), config.components.get(IamDb)
    if iam is None:
        if iam_db is not None:
            what = "is the database of iam, which the stack does not deploy"
            yield Problem("components.iam-db", what, "Add `iam: {}` beside it, or remove iam-db.")
        return
    given = {
        "components.iam.mariadb": iam.mariadb.enabled,
        "components.iam-db": iam_db is not None,
        "components.iam.settings.database.host": bool(iam.settings.database.host),
    }
    chosen = [where for where, present in given.items() if present]
    if not chosen:
        what = "has no database"
        fix = "Add `iam-db: {}` beside it, or to it `mariadb: {enabled: true}`, or settings.database.host."
        yield Problem("components.iam", what, fix)
    elif len(chosen) > 1:
        what = f"has more than one database: {' and '.join(chosen)}"
        yield Problem("components.iam", what, "Keep one of them.")


@rule("components")
def has_its_provider(subject: Subject) -> Iterator[Problem]:
    """Log-in by OIDC needs a provider."""
    config = subject.config
    iam = config.components.get(Iam)
    if iam and "oidc" in iam.settings.profiles and iam.settings.identity_provider is None:
        what = "is missing, and the profile oidc needs it"
        fix = "Give it, e.g. `identityProvider: {clientId: ...}`, or remove oidc from `profiles`."
        yield Problem("components.iam.settings.identityProvider", what, fix)
