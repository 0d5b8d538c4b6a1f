import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import processes, waiting
from testbed.errors import BedError

SLEEP = ["sleep", "60"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    processes.stop(tmp_path)


def test_a_process_is_found_by_its_mark_and_ended(state: Path) -> None:
    pid = processes.spawn(state, "a", SLEEP).child.pid
    assert processes.alive(state) == {pid: "a"}
    processes.stop(state)
    assert processes.alive(state) == {}


def test_a_process_is_found_as_soon_as_it_is_started(state: Path) -> None:
    for _ in range(50):
        pid = processes.spawn(state, "a", SLEEP).child.pid
        assert pid in processes.alive(state)
        processes.stop(state)


def test_a_process_has_a_session_of_its_own(state: Path) -> None:
    pid = processes.spawn(state, "a", SLEEP).child.pid
    assert os.getsid(pid) == pid


def test_instances_do_not_see_each_other(state: Path) -> None:
    other = state / "other"
    pid = processes.spawn(other, "a", SLEEP).child.pid
    processes.stop(state)
    assert processes.alive(other) == {pid: "a"}
    processes.stop(other)


def test_children_of_a_part_are_ended_too(state: Path) -> None:
    processes.spawn(state, "a", ["sh", "-c", "sleep 60 & sleep 60"])
    waiting.until(lambda: len(processes.alive(state)) == 3, "the shell starting its children", 5)
    processes.stop(state)
    assert processes.alive(state) == {}


def test_a_process_without_the_mark_is_never_touched(state: Path) -> None:
    with subprocess.Popen(SLEEP) as foreign:
        processes.stop(state)
        assert foreign.poll() is None
        foreign.kill()


def test_a_number_that_was_given_to_another_process_is_not_signalled(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark is looked at again once the process is held by a descriptor."""
    with subprocess.Popen(SLEEP) as foreign:
        looks = iter([[(foreign.pid, "a")], []])
        monkeypatch.setattr(processes, "_marked", lambda _: next(looks))
        processes.end(state, {"a"})
        assert foreign.poll() is None
        foreign.kill()


def test_what_does_not_listen_is_killed(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_PATIENCE", 0.2)
    process = processes.spawn(state, "a", STUBBORN)
    waiting.until(lambda: "up" in process.log.read_text(), "the process ignoring SIGTERM", 5)
    processes.stop(state)
    assert processes.alive(state) == {}


def test_stop_ends_in_the_given_order(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("etcd", "api", "other"):
        processes.spawn(state, part, SLEEP)
    waves: list[set[str]] = []
    end = processes.end

    def record(state: Path, parts: set[str]) -> None:
        waves.append(parts)
        end(state, parts)

    monkeypatch.setattr(processes, "end", record)
    processes.stop(state, ["api", "etcd"])
    assert waves == [{"other"}, {"api"}, {"etcd"}]


def test_an_ended_process_is_named_with_its_last_words(state: Path) -> None:
    process = processes.spawn(state, "etcd", ["sh", "-c", "echo no disk left; exit 3"])
    process.child.wait()
    with pytest.raises(BedError, match=r"(?s)etcd ended with exit code 3.*no disk left"):
        process.ensure_alive()


def test_a_killed_process_is_named_with_its_signal(state: Path) -> None:
    process = processes.spawn(state, "etcd", SLEEP)
    process.child.send_signal(signal.SIGKILL)
    process.child.wait()
    with pytest.raises(BedError, match="signal 9"):
        process.ensure_alive()


def test_tail_shows_the_last_lines_only(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("\n".join(map(str, range(100))))
    assert processes.tail(log, lines=2) == "    98\n    99"
    assert "nothing" in processes.tail(tmp_path / "absent.log")
