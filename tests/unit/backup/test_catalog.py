"""Names and records of backups, and which of them go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.backup.catalog import (
    Found,
    Record,
    backups,
    dump_of,
    made_at,
    new_name,
    outdated,
    record_of,
    spared,
)

_START = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_record_comes_back() -> None:
    record = Record("panda/20260101T000000Z", "postgres", "panda_db", 5, "abc")
    assert Record.of(record.text()) == record


@pytest.mark.parametrize(
    ("text", "said"), [("", "Expecting value"), ("[]", "mapping"), ("{}", "missing"), ("null", "mapping")]
)
def test_other_texts_are_no_records(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Record.of(text)


def test_a_name_has_its_moment() -> None:
    assert made_at(new_name("panda", _START)) == _START


def test_files_of_others_are_no_backups() -> None:
    name = new_name("panda", _START)
    files = ["README.dump", f"{name}.txt", dump_of(name), "panda/2026.json", f"deep/{name}.dump"]
    assert backups(files) == [Found(name, finished=False)]
    assert backups([*files, record_of(name)]) == [Found(name, finished=True)]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b-0"]), st.integers(0, 20), st.booleans())),
    st.integers(0, 4),
)
def test_the_newest_stay(given_ones: list[tuple[str, int, bool]], keep: int) -> None:
    files: set[str] = set()
    for database, hours, finished in given_ones:
        name = new_name(database, _START + timedelta(hours=hours))
        files |= {dump_of(name), record_of(name)} if finished else {dump_of(name)}
    found = backups(files)
    gone = list(outdated(found, keep))
    for database in ("a", "b-0"):
        own = [each for each in found if each.database == database and each.finished]
        assert [each for each in own if each not in gone] == (own[-keep:] if keep else own)
        # What may still be on its way to its place is newer than every finished one.
        unfinished = [each for each in gone if each.database == database and not each.finished]
        assert all(each.name < own[-1].name for each in unfinished)


@pytest.mark.parametrize(
    ("old", "kept", "last"),
    [
        ((100, 100), (60, 49), None),
        ((100, 100), (49, 49), 1),
        ((200, 99), (49, 49), 1),
        ((200, 98), (49, 49), 0),
        ((100,), (), 0),
        ((), (1,), None),
    ],
)
def test_the_last_one_from_before_a_loss_stays(
    old: tuple[int, ...], kept: tuple[int, ...], last: int | None
) -> None:
    records = [
        Record(new_name("panda", _START + timedelta(days=day)), "postgres", "panda_db", size, "")
        for day, size in enumerate((*old, *kept))
    ]
    found = spared(records[: len(old)], records[len(old) :])
    assert found == (None if last is None else records[last])
