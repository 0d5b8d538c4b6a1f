from __future__ import annotations

import threading

import pytest

from panda_infra.errors import ResourceError
from panda_infra.provider.resource import Operation, RefusedError
from tests.unit.provider.conftest import Reports


def test_waiting_ends_with_the_first_answer_that_is_no_text() -> None:
    reported = Reports()
    answers = iter(["one", "two", 3])
    assert Operation(reported, timeout=5, poll=0.001).wait(lambda: next(answers)) == 3
    assert reported.statuses == ["one", "two"]


def test_waiting_gives_up_with_what_was_missing() -> None:
    with pytest.raises(ResourceError, match="given up after 0 s: no nodes"):
        Operation(Reports(), timeout=0, poll=0.001).wait(lambda: "no nodes")


def test_cancelling_ends_a_wait_at_once() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(ResourceError, match="cancelled while waiting for nodes"):
        Operation(Reports(), timeout=60, poll=60, cancelled=cancelled).wait(lambda: "waiting for nodes")


def test_every_reason_of_a_refusal_is_reported() -> None:
    assert str(RefusedError({"labels": "one", "flavor": "two"})) == "one\ntwo"
