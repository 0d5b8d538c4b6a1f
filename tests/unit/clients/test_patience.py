"""Questions that nobody answers do not hold up the program."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from panda_infra.clients.patience import answered


def test_an_answer_and_an_error_are_passed_on() -> None:
    assert answered(lambda: 42, within=5) == 42
    with pytest.raises(ZeroDivisionError):
        answered(lambda: 1 // 0, within=5)


def test_no_answer_in_time_is_a_time_out_like_that_of_a_socket() -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the type is what matters
        answered(threading.Event().wait, within=0.05)
    assert isinstance(caught.value, TimeoutError)


def test_an_unanswered_question_does_not_keep_the_process_alive() -> None:
    program = """
import threading
from panda_infra.clients.patience import answered
try:
    answered(threading.Event().wait, within=0.05)
except TimeoutError:
    print("given up")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout.strip()) == (0, "given up"), done.stderr
