"""How the program ends when something is wrong."""

from __future__ import annotations

import pulumi
import pytest

from panda_infra.errors import Problem, StackError
from panda_infra.program import plain_errors


def test_an_error_is_reported_once_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", reported.append)
    error = StackError("Pulumi.x.yaml", [Problem("cluster", "is missing", "Name one.")])
    with pytest.raises(SystemExit) as ended, plain_errors():
        raise error
    assert reported == [str(error)]
    # The language host adds an error of its own to every other exit code but 0.
    assert ended.value.code == 32


def test_what_is_no_error_of_the_user_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), plain_errors():
        _ = 1 // 0
