import sys
from pathlib import Path

import pytest

from testbed import cli, local
from tools.errors import ToolsError


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["testbed", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


def test_status_of_what_does_not_run_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PANDA_INFRA_STATE", str(tmp_path))
    assert run(monkeypatch, "status", "a") == 1
    assert capsys.readouterr().err == (
        "error: test bed a: is not running; `python -m testbed start a` starts it\n"
    )


def test_stop_of_what_does_not_run_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDA_INFRA_STATE", str(tmp_path))
    assert run(monkeypatch, "stop", "a") == 0


def test_a_part_that_cannot_be_built_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_charts: Path | None, _real: int, *, originals: bool) -> None:  # noqa: ARG001
        raise ToolsError("pulumi cannot be built")

    monkeypatch.setattr(local, "up", fail)
    assert run(monkeypatch, "up") == 1
    assert capsys.readouterr().err == "error: pulumi cannot be built\n"
