"""The newest backup of each database, really restored: a result for each, as of the checks of `verify`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from panda_infra.backup.catalog import Record, database_of, made_at, shrunk
from panda_infra.errors import NotAskedError, PandaInfraError, WrongError
from panda_infra.live.backups import Backups, Kept, Restored
from panda_infra.plan.backup import BackedUp
from panda_infra.plan.model import Plan
from panda_infra.products.registry import product_of_experiment
from panda_infra.products.verification import Question
from panda_infra.verify.results import Outcome, Result

__all__ = ["HOUR", "OLDEST", "Drilled", "drilled", "outcome_of", "question"]

OLDEST = timedelta(hours=26)
"""The largest age of a good backup: a day, and two hours for the backup itself; the alerts use the same."""
HOUR = timedelta(hours=1)
# The drills of so many days report a loss; more than one, because backups are made by hand in between too.
_COMPARED = timedelta(days=2)


@dataclass(frozen=True)
class Drilled:
    """The result of a database's drill: ``age`` is that of the backup, None where there is none."""

    database: str
    result: Result
    backup: str | None = None
    age: timedelta | None = None
    restored: Restored | None = None

    def as_data(self) -> dict[str, Any]:
        """The result as data for JSON; times are in seconds."""
        failed = self.result.outcome is not Outcome.OK
        return {
            "database": self.database,
            "backup": self.backup,
            "age": None if self.age is None else round(self.age.total_seconds()),
            "tables": self.restored.tables if self.restored else None,
            "rows": self.restored.rows if self.restored else None,
            "seconds": round(self.result.seconds, 3),
            "error": self.result.detail if failed else None,
        }


def drilled(
    backups: Backups,
    databases: Sequence[BackedUp],
    now: datetime,
    report: Callable[[str], None] = lambda _line: None,
) -> tuple[Drilled, ...]:
    """Restore the newest backup of each database, one after the other, each into a server of its own.

    Args:
        backups: of the stack.
        databases: those to restore.
        now: the moment that the age of a backup is counted to.
        report: gets a line for each database that is done.
    """
    return tuple(_each(backups, databases, now, report))


def question(plan: Plan, name: str, title: str) -> Question:
    """The question that the drill of a database answers, with the requirement of the stack's product."""
    usual = product_of_experiment(plan.config.experiment).usual
    return Question(f"{name}.restored", title, usual.backups)


def outcome_of(error: PandaInfraError) -> Outcome:
    """The outcome of a drill that ends by an error; a question that cannot be asked is no failure."""
    return Outcome.SKIPPED if isinstance(error, NotAskedError) else Outcome.FAILED


def _each(
    backups: Backups, databases: Sequence[BackedUp], now: datetime, report: Callable[[str], None]
) -> Iterator[Drilled]:
    try:
        kept, unknown = backups.listed(), None
    except PandaInfraError as error:
        kept, unknown = Kept(), error
    for database in databases:
        one = _Drill(backups, database, kept, now)
        found = one.failed(unknown) if unknown else one.run()
        report(f"{found.result.check.name}: {found.result.outcome}")
        yield found


@dataclass
class _Drill:
    """The drill of one database with its newest backup, if there is one among those that are kept."""

    backups: Backups
    database: BackedUp
    kept: Kept
    now: datetime
    restored: Restored | None = None
    seconds: float = 0.0

    @property
    def backup(self) -> Record | None:
        return self.kept.newest.get(self.database.name)

    @property
    def age(self) -> timedelta | None:
        return None if self.backup is None else self.now - made_at(self.backup.name)

    def larger(self, backup: Record) -> Record | None:
        """The newest backup of the days before, if ``backup`` has shrunk against it."""
        since = made_at(backup.name) - _COMPARED
        for each in sorted(self.kept.records, key=lambda one: one.name, reverse=True):
            same = database_of(each.name) == self.database.name and since <= made_at(each.name)
            if same and shrunk(backup.size, each.size):
                return each
        return None

    def run(self) -> Drilled:
        begun = time.monotonic()
        try:
            words = self._restore()
        except PandaInfraError as error:
            self.seconds = time.monotonic() - begun
            return self.failed(error)
        self.seconds = time.monotonic() - begun
        return self._found(Outcome.OK, words)

    def failed(self, error: PandaInfraError) -> Drilled:
        """The result of a drill that ends by an error."""
        return self._found(outcome_of(error), str(error))

    def _restore(self) -> str:
        if self.backup is None or self.age is None:
            stack, name = self.backups.plan.stack, self.database.component
            raise WrongError(f"there is no backup: run `python -m panda_infra backup now {stack} {name}`")
        self.restored = self.backups.drill(self.backup.name)
        words = f"{self.backup.name}: {self.restored.tables} tables with {self.restored.rows} rows"
        if self.age > OLDEST:
            limit = f"more than {OLDEST / HOUR:.0f} hours old: are newer ones made?"
            raise WrongError(f"{words} restored, but it is {limit} `backup list` has the last success")
        if self.age < -HOUR:
            later = f"its name is {-self.age / HOUR:.0f} hours later than now: was a clock wrong?"
            raise WrongError(
                f"{words} restored, but {later} While it is there, it hides that no newer ones are made"
            )
        if larger := self.larger(self.backup):
            look = f"python -m panda_infra restore {self.backups.plan.stack} --from {larger.name}"
            raise WrongError(
                f"{words} restored, but its dump is less than half as large as {larger.name}: was something lost? "
                f"`{look}` shows what that has, beside the live database"
            )
        return words

    def _found(self, outcome: Outcome, words: str) -> Drilled:
        name = self.database.name
        asked = question(self.backups.plan, name, f"The newest backup of {name} can be restored")
        result = Result(asked, outcome, words, self.seconds)
        backup = self.backup.name if self.backup else None
        return Drilled(name, result, backup, self.age, self.restored)
