"""The archive of each database of an operator, really restored: a result for each, as of dumps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panda_infra.errors import PandaInfraError, WrongError
from panda_infra.live.archive_drills import ArchiveDrills
from panda_infra.live.archives import Archived, Newest
from panda_infra.live.backups import Restored
from panda_infra.plan.model import Plan
from panda_infra.plan.operators import Served
from panda_infra.products.verification import Question
from panda_infra.verify.drill import HOUR, OLDEST, Drilled, outcome_of, question
from panda_infra.verify.results import Outcome, Result

__all__ = ["drilled_archives", "not_drilled"]


def drilled_archives(
    drills: ArchiveDrills,
    databases: Sequence[Archived],
    now: datetime,
    report: Callable[[str], None] = lambda _line: None,
) -> tuple[Drilled, ...]:
    """Restore the newest content of each archive, one after the other, into new servers, which are removed again.

    Args:
        drills: of the stack.
        databases: those to restore.
        now: the moment that the age of an archive is counted to.
        report: gets a line for each database that is done.
    """
    return tuple(_each(drills, databases, now, report))


def not_drilled(plan: Plan, databases: Sequence[Served[Any, Any]]) -> tuple[Drilled, ...]:
    """A result for each database without an archive: the stack file asks for none, so there is nothing to restore."""
    why = "archives nothing: `backup` in the section `postgres` or `mariadb` of the stack file would"
    return tuple(
        Drilled(
            each.component,
            Result(
                _question(plan, each.component, each.cluster),
                Outcome.SKIPPED,
                f"{each.cluster} {why}",
                0,
                absent=True,
            ),
        )
        for each in databases
    )


def _each(
    drills: ArchiveDrills, databases: Sequence[Archived], now: datetime, report: Callable[[str], None]
) -> Iterator[Drilled]:
    for database in databases:
        found = _Drill(drills, database, now).run()
        report(f"{found.result.check.name}: {found.result.outcome}")
        yield found


@dataclass
class _Drill:
    """The drill of one database with everything that its archive has."""

    drills: ArchiveDrills
    database: Archived
    now: datetime
    newest: Newest | None = None
    restored: Restored | None = None

    def run(self) -> Drilled:
        begun = time.monotonic()
        try:
            outcome, words = Outcome.OK, self._restore()
        except PandaInfraError as error:
            outcome, words = outcome_of(error), str(error)
        asked = _question(self.drills.plan, self.database.component, self.database.cluster)
        return Drilled(
            self.database.component,
            Result(asked, outcome, words, time.monotonic() - begun),
            f"archive of {self.database.cluster}" if self.newest else None,
            self.now - self.newest.at if self.newest and self.newest.at else None,
            self.restored,
        )

    def _restore(self) -> str:
        self.newest = self.database.newest(self.drills.api, self.drills.plan)
        self.restored = self.drills.drill(self.database, self.newest)
        words = f"{self.newest.words}: {self.restored.tables} tables with {self.restored.rows} rows"
        if self.newest.at and self.now - self.newest.at > OLDEST:
            raise WrongError(f"{words} restored, but that is more than {OLDEST / HOUR:.0f} hours ago")
        return words


def _question(plan: Plan, component: str, cluster: str) -> Question:
    return question(plan, component, f"The archive of {cluster} can be restored")
