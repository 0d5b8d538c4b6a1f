"""Requests to the servers of a sandbox, sent from an image with a pod's client and host names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from testbed.consumers.sandbox import Check, Root, output

__all__ = ["Question", "ask"]

_SCRIPT = Path(__file__).parent / "scripts" / "ask.py"
_SHOWN = 300


@dataclass(frozen=True)
class Question:
    """A request and its expected answer: one of the codes in ``status``, with a text that ``holds`` accepts.

    ``chain`` is the file of the authority that must have issued the server's certificate; without it any is accepted.
    """

    what: str
    url: str
    status: Sequence[int] = (200,)
    headers: Mapping[str, str] = field(default_factory=dict)
    holds: Callable[[str], bool] = lambda _text: True
    chain: str | None = None


def ask(consumer: str, client: Root, python: str, questions: Sequence[Question]) -> Iterator[Check]:
    """Send all requests, and yield a check for each."""
    asked = [
        {"url": each.url, "headers": {**each.headers}, "verify": each.chain or False} for each in questions
    ]
    answers = output(client, _SCRIPT, python, "-W", "ignore", stdin=json.dumps(asked)).splitlines()
    for question, answer in zip(questions, answers, strict=True):
        status, text = json.loads(answer)
        passed = status in question.status and question.holds(text)
        yield Check(consumer, question.what, passed, f"status {status}: {text[:_SHOWN]}")
