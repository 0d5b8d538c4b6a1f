import pytest

from testbed import waiting
from testbed.errors import BedError


def test_returns_once_the_condition_holds() -> None:
    answers = iter([False, True])
    waiting.until(lambda: next(answers), "it", 5)


def test_names_what_did_not_happen() -> None:
    with pytest.raises(BedError, match=r"the end: not within 0\.1 s"):
        waiting.until(lambda: False, "the end", 0.1)
