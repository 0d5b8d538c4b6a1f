"""Pods that work on the backups of one database at the same time, one of which may be killed anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panda_infra.backup import __main__ as module
from panda_infra.backup.__main__ import main
from panda_infra.backup.catalog import Record, backups, dump_of, made_at, new_name, record_of
from panda_infra.clients.stores.store import UNFINISHED, MissingError

_START = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The pod is killed."""


class Place:
    """A place in memory. ``before`` is called before each request, with its number."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests = 0
        self.before: Callable[[int], object] = lambda _number: None

    def _request(self) -> None:
        self.requests += 1
        self.before(self.requests)

    def put(self, name: str, file: Path) -> None:
        content = file.read_bytes()
        self.files[name + UNFINISHED] = content[:1]
        self._request()
        self.files.pop(name + UNFINISHED, None)
        self.files[name] = content
        self._request()

    def parts(self, name: str) -> Iterator[bytes]:
        self._request()
        if name not in self.files:
            raise MissingError(f"there is no {name}")
        content = self.files[name]
        self._request()
        yield content

    def names(self) -> Iterator[str]:
        listed = sorted(self.files)
        self._request()
        yield from listed

    def delete(self, name: str) -> None:
        self._request()
        for each in (name, name + UNFINISHED):
            self.files.pop(each, None)


class Pods:
    """Pods whose clock is that of the test; each brings a dump of its own to the place."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: int) -> None:
        self.place, self.now, self.keep = Place(), _START, keep
        self._folder, self._number = tmp_path, 0
        monkeypatch.setattr(module, "_store", lambda _environment: self.place)
        monkeypatch.setattr(module, "new_name", lambda database: new_name(database, self.now))

    def run(self, *action: str, size: int = 9) -> int:
        self._number += 1
        self.now += timedelta(seconds=1)
        work = self._folder / f"pod-{self._number}"
        work.mkdir()
        content = f"{self._number:09}".encode().ljust(size)
        (work / "dump").write_bytes(content)
        (work / "dump.sha256").write_text(hashlib.sha256(content).hexdigest())
        environment = {"WORK": str(work), "DATABASE": "panda", "ENGINE": "postgres", "SOURCE": "panda_db"}
        return main(action or ("keep",), {**environment, "KEEP": str(self.keep)})

    def finished(self) -> list[str]:
        return [each.name for each in backups(self.place.files) if each.finished]

    def broken(self) -> list[str]:
        """Records without a dump, or of another one."""
        found = []
        for file, content in self.place.files.items():
            if file.endswith(".json"):
                record = Record.of(content.decode())
                dump = self.place.files.get(dump_of(record.name), b"")
                if hashlib.sha256(dump).hexdigest() != record.sha256:
                    found.append(record.name)
        return found


@pytest.fixture
def pods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pods:
    return Pods(tmp_path, monkeypatch, keep=2)


@pytest.mark.parametrize("number", range(1, 12))
def test_a_pod_that_ends_while_another_one_works_deletes_nothing_of_it(pods: Pods, number: int) -> None:
    """As `backup now` beside a scheduled one, or a second pod where the node of the first does not answer."""
    for _ in range(3):
        assert pods.run() == 0
    others: list[int] = []

    def second(request: int) -> None:
        if request == first + number:
            pods.place.before = lambda _number: None
            others.append(pods.run())

    first, pods.place.before = pods.place.requests, second
    assert pods.run() == 0
    assert others == [0]
    assert pods.broken() == []
    # Each of the two may have listed before the other had a record.
    assert len(pods.finished()) in (2, 3)


@pytest.mark.parametrize("number", range(1, 12))
def test_a_list_is_whole_while_another_pod_deletes(pods: Pods, number: int) -> None:
    for _ in range(3):
        assert pods.run() == 0

    def second(request: int) -> None:
        if request == first + number:
            pods.place.before = lambda _number: None
            assert pods.run() == 0

    first, pods.place.before = pods.place.requests, second
    assert pods.run("list") == 0


def test_the_backup_that_was_just_made_stays_whatever_the_clocks_say(pods: Pods) -> None:
    pods.keep, pods.now = 1, _START + timedelta(days=400)
    assert pods.run() == 0
    (ahead,) = pods.finished()
    pods.now = _START
    assert pods.run() == 0
    assert len(pods.finished()) == 2
    pods.now += timedelta(days=1)
    assert pods.run() == 0
    assert [made_at(each).date() for each in pods.finished()] == [pods.now.date(), made_at(ahead).date()]


def test_what_a_killed_pod_leaves_goes_after_a_day(pods: Pods) -> None:
    pods.place.before = lambda _number: (_ for _ in ()).throw(Killed)
    with pytest.raises(Killed):
        pods.run()
    assert [name.endswith(UNFINISHED) for name in pods.place.files] == [True]
    pods.place.before = lambda _number: None
    pods.now += timedelta(hours=20)
    assert pods.run() == 0
    assert any(name.endswith(UNFINISHED) for name in pods.place.files)
    pods.now += timedelta(hours=20)
    assert pods.run() == 0
    assert not any(name.endswith(UNFINISHED) for name in pods.place.files)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(
        st.tuples(st.integers(1, 40), st.integers(0, 14), st.booleans(), st.integers(5, 40)), max_size=8
    ),
    keep=st.integers(1, 3),
)
def test_in_any_order_a_record_has_its_dump_and_the_newest_stay(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[int, int, bool, int]], keep: int
) -> None:
    """Runs after some hours, in each of which another one runs, or which is killed, at a request."""
    with pytest.MonkeyPatch.context() as patch:
        pods = Pods(tmp_path_factory.mktemp("pods"), patch, keep)
        good: list[str] = []
        for hours, at, killed, size in runs:
            pods.now += timedelta(hours=hours)

            def between(
                request: int, start: int = pods.place.requests, at: int = at, killed: bool = killed
            ) -> None:
                if request == start + at:
                    pods.place.before = lambda _number: None
                    if killed:
                        raise Killed
                    assert pods.run() == 0

            pods.place.before = between
            try:
                assert pods.run(size=size) == 0
            except Killed:
                continue
            good.append(pods.finished()[-1])
            assert pods.broken() == []
            assert len(pods.finished()) >= min(keep, len(good))
            assert good[-1] in pods.finished()
            assert {record_of(each) for each in pods.finished()} <= pods.place.files.keys()
