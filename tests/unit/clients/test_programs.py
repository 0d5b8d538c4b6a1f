"""Programs of this machine: found, run, and reported when they are missing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from panda_infra.clients.programs import on_path, run
from panda_infra.errors import PandaInfraError


class MissingError(PandaInfraError):
    pass


def test_a_program_that_is_missing_can_be_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MissingError, match=r"^Helm 3 is not on PATH: install it, or run `python -m tools build helm`"
    ):
        on_path("helm", "Helm 3", MissingError)
    (tmp_path / "helm").write_text("")
    (tmp_path / "helm").chmod(0o755)
    assert on_path("helm", "Helm 3", MissingError) == str(tmp_path / "helm")


def test_what_goes_through_a_program_keeps_its_line_ends(tmp_path: Path) -> None:
    script = "import os, sys; print(os.getcwd(), os.environ['MORE'], flush=True)"
    script += "; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    done = run([sys.executable, "-c", script], folder=tmp_path, environment={"MORE": "x"}, stdin="a\r\nb\r")
    assert (done.code, done.text) == (0, f"{os.path.realpath(tmp_path)} x\na\r\nb\r")


def test_the_last_line_of_errors_is_taken_for_the_reason() -> None:
    done = run([sys.executable, "-c", "import sys; sys.exit('first\\nlast')"])
    assert (done.code, done.errors, done.last_error) == (1, "first\nlast", "last")
    assert run([sys.executable, "-c", "exit(3)"]).last_error == "no reason given"
