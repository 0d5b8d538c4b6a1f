"""INDIGO IAM has exactly one database: upstream's defaults leave it with none (T27)."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem

__all__ = ["READS", "check"]

READS = frozenset({"components"})


def check(config: StackConfig, *, stack: str) -> Iterator[Problem]:  # noqa: ARG001
    """Either the chart's own MariaDB, or the component iam-db, or an external host."""
    iam, iam_db = config.components.iam, config.components.iam_db
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
