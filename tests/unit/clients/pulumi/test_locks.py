"""Who holds a stack's lock is read from the engine's own files."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.clients.pulumi.locks import runs

_HERE = "machine.site.org"


def lock(state: Path, stack: str = "doma", **changes: object) -> Path:
    folder = state / ".pulumi" / "locks" / "organization" / "panda-infra" / stack
    folder.mkdir(parents=True, exist_ok=True)
    reported = {
        "pid": os.getpid(),
        "username": "operator",
        "hostname": socket.gethostname(),
        "timestamp": "2026-12-01T10:00:00.123456789Z",
    }
    file = folder / f"{len(list(folder.iterdir()))}.json"
    file.write_text(json.dumps(reported | changes))
    return file


@pytest.mark.parametrize("backend", ["file://{}", "file://{}?metadata=skip", "file://."])
def test_a_run_is_reported_with_its_time_and_who_it_is(tmp_path: Path, backend: str) -> None:
    lock(tmp_path)
    lock(tmp_path, stack="lsst")
    (found,) = runs(backend.format(tmp_path), "panda-infra", "doma", folder=tmp_path)
    assert found.since == datetime(2026, 12, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert found.by == f"operator@{socket.gethostname()} (pid {os.getpid()})"
    assert not found.dead


def test_a_run_that_was_killed_is_known_on_its_own_machine_only(tmp_path: Path) -> None:
    lock(tmp_path, pid=2**22 + 1)
    lock(tmp_path, pid=2**22 + 1, hostname=_HERE, timestamp="2026-12-01T11:00:00+01:00")
    found = runs(f"file://{tmp_path}", "panda-infra", "doma", folder=tmp_path)
    assert [(run.since.minute, run.dead) for run in found] == [(0, False), (0, True)]


@pytest.mark.parametrize("backend", ["s3://bucket", "https://api.pulumi.com", "", "file:///nowhere/at/all"])
def test_nothing_is_known_of_other_backends(tmp_path: Path, backend: str) -> None:
    assert runs(backend, "panda-infra", "doma", folder=tmp_path) == ()


@given(st.one_of(st.text(), st.just("{"), st.just("[]"), st.just('{"pid": "x", "timestamp": "now"}')))
def test_a_lock_that_is_being_written_is_no_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    state = tmp_path_factory.mktemp("state")
    lock(state).write_text(text, encoding="utf-8", errors="surrogatepass")
    assert runs(f"file://{state}", "panda-infra", "doma", folder=state) == ()
