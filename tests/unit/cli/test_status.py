"""`status` shows what it can of a stack, even if something cannot be asked."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support import fast_yaml
from tests.unit.cli.conftest import FakeCli

_KUBECONFIG = {
    "current-context": "c",
    "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
    "clusters": [{"name": "k", "cluster": {"server": "http://127.0.0.1:9"}}],
    "users": [{"name": "u", "user": {"token": "canary"}}],
}


@pytest.fixture
def nowhere(stack_file: Path) -> Path:
    """A stack whose cluster does not answer."""
    stack_file.with_name("kubeconfig").write_text(fast_yaml.dump(_KUBECONFIG))
    return stack_file


def test_a_cluster_that_does_not_answer_is_one_line_whatever_else_is_asked(
    run: Any, nowhere: Path, fake_cli: FakeCli
) -> None:
    assert nowhere.exists()
    assert fake_cli.stacks == []
    shown = run("status", "small", "--json")
    assert shown.exit_code == 1
    found = json.loads(shown.stdout)
    (problem,) = found["problems"]
    assert problem.startswith("the cluster cannot be looked at: ")
    assert "what was deployed last is not known: the state cannot be read" in found["notes"]
    assert "canary" not in shown.output
    for_people = run("status", "small")
    assert for_people.exit_code == 1
    assert "wrong: the cluster cannot be looked at: " in for_people.stdout


@pytest.mark.parametrize(
    ("pid", "part"), [(os.getpid(), "notes"), (2**22 + 1, "problems")], ids=["alive", "dead"]
)
def test_who_holds_the_lock_is_reported(
    run: Any, nowhere: Path, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch, *, pid: int, part: str
) -> None:
    assert fake_cli.stacks == []
    folder = nowhere.parent / "state" / ".pulumi" / "locks" / "organization" / "panda-infra" / "small"
    folder.mkdir(parents=True)
    held = {
        "pid": pid,
        "username": "u",
        "hostname": socket.gethostname(),
        "timestamp": "2026-12-01T10:00:00Z",
    }
    (folder / "1.json").write_text(json.dumps(held))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{nowhere.parent}/state")
    reported = json.loads(run("status", "small", "--json").stdout)[part]
    words = {
        "notes": "an update is running since",
        "problems": "a run that was killed holds the stack's lock since",
    }
    assert any(text.startswith(f"{words[part]} 2026-12-01 10:00 UTC") for text in reported)
