import pytest

from testbed import leftovers


def test_what_is_there_and_was_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_GONE_WITHIN", 0)
    assert leftovers.remaining(lambda: frozenset({"a", "b", "c"}), frozenset({"b"})) == ("a", "c")


def test_what_goes_a_little_later_is_no_trace() -> None:
    found = iter([frozenset({"a", "b"}), frozenset({"b"})])
    assert leftovers.remaining(lambda: next(found), frozenset({"b", "gone"})) == ()
