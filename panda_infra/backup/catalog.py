"""The backups in a place: a dump with its record beside it. One without the other was never finished, or is not yet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from panda_infra.clients.stores.store import UNFINISHED

__all__ = [
    "NAME",
    "Found",
    "Record",
    "backups",
    "database_of",
    "dump_of",
    "made_at",
    "new_name",
    "outdated",
    "record_of",
    "shrunk",
    "spared",
]

NAME = r"[a-z0-9][a-z0-9-]*/[0-9]{8}T[0-9]{6}Z"
"""The name of a backup: its database, and when it was made."""
_STAMP = "%Y%m%dT%H%M%SZ"
_DUMP, _RECORD = ".dump", ".json"
# A database rarely loses more than half of its content on purpose.
_HALF = 0.5
# A pod works on a backup for six hours at most. Clocks of nodes may differ too.
_AT_WORK = timedelta(days=1)


@dataclass(frozen=True)
class Record:
    """The facts about a finished backup; ``sha256`` and ``size``, in bytes, are those of its dump."""

    name: str
    engine: str
    source: str
    size: int
    sha256: str

    def text(self) -> str:
        """The record as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Record:
        """The record in a text; ValueError if it is none."""
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(str(error)) from None


@dataclass(frozen=True)
class Found:
    """A backup that is there; ``finished`` if it has both dump and record."""

    name: str
    finished: bool

    @property
    def database(self) -> str:
        """The database that it is of."""
        return database_of(self.name)


def new_name(database: str, now: datetime | None = None) -> str:
    """The name of a backup that is made now."""
    return f"{database}/{(now or datetime.now(UTC)).strftime(_STAMP)}"


def database_of(name: str) -> str:
    """The database that a backup is of, by its name."""
    return name.rpartition("/")[0]


def made_at(name: str) -> datetime:
    """The time at which a backup was made, by its name."""
    return datetime.strptime(name.rpartition("/")[2], _STAMP).replace(tzinfo=UTC)


def dump_of(name: str) -> str:
    """The file with the dump of a backup."""
    return f"{name}{_DUMP}"


def record_of(name: str) -> str:
    """The file with the record of a backup."""
    return f"{name}{_RECORD}"


def backups(files: Iterable[str]) -> list[Found]:
    """The backups among files, by database and time; other files are left out.

    A dump that is not whole counts as none, but as one that is there.
    """
    parts: set[str] = set()
    dumps: set[str] = set()
    records: set[str] = set()
    for file in files:
        for kind, names in ((_DUMP, dumps), (_RECORD, records), (_DUMP + UNFINISHED, parts)):
            if file.endswith(kind) and _is_name(name := file.removesuffix(kind)):
                names.add(name)
    return [Found(name, name in dumps & records) for name in sorted(dumps | records | parts)]


def _is_name(text: str) -> bool:
    try:
        return bool(re.fullmatch(NAME, text) and made_at(text))
    except ValueError:
        return False


def outdated(found: Iterable[Found], keep: int) -> Iterator[Found]:
    """The backups that need not be kept: all but the newest of each database, and what was not finished within a day.

    What is younger may be the work of another pod, which is about to write its record.

    Args:
        found: by database and time.
        keep: how many finished ones of each database stay; 0: all.
    """
    for _, group in groupby(found, lambda each: each.database) if keep else ():
        own = list(group)
        finished = [each for each in own if each.finished]
        kept = finished[-keep:]
        if kept:
            left = made_at(kept[-1].name) - _AT_WORK
            yield from (
                each for each in own if each not in kept and (each.finished or made_at(each.name) < left)
            )


def shrunk(size: int, before: int) -> bool:
    """True if a dump is so much smaller than an earlier one that data may have been lost; sizes in bytes."""
    return size < before * _HALF


def spared(old: Iterable[Record], kept: Iterable[Record]) -> Record | None:
    """An outdated backup to spare: the newest one compared with which every kept backup has shrunk.

    It may be the last backup that has the data which was lost since.
    """
    largest = max((each.size for each in kept), default=0)
    return max((each for each in old if shrunk(largest, each.size)), key=lambda one: one.name, default=None)
