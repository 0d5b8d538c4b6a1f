from typing import Any

import pytest

from testbed import leftovers

BED: Any = None


def test_what_is_there_and_was_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_GONE_WITHIN", 0)
    monkeypatch.setattr(leftovers, "inventory", lambda _bed: frozenset({"a", "b", "c"}))
    assert leftovers.remaining(BED, frozenset({"b"})) == ("a", "c")


def test_what_goes_a_little_later_is_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([frozenset({"a", "b"}), frozenset({"b"})])
    monkeypatch.setattr(leftovers, "inventory", lambda _bed: next(found))
    assert leftovers.remaining(BED, frozenset({"b", "gone"})) == ()
