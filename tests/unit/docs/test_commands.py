"""Every command of README and docs is run by a test, which takes it from there."""

from __future__ import annotations

from tests.support.documented import FOREIGN, WALKED, declared, runs_elsewhere
from tests.support.pages import PAGES, commands
from tools import REPOSITORY

_EVERY = [command for page in PAGES for command in commands(page)]
_WALKED = {command.text for page in WALKED for command in commands(page)}


def test_every_command_is_run() -> None:
    assert [str(each) for each in _EVERY if not (runs_elsewhere(each) or each.text in _WALKED)] == []


def test_what_a_test_takes_from_the_pages_is_there() -> None:
    reported = {command.text for command in _EVERY}
    gone = {
        text: str(file.relative_to(REPOSITORY)) for text, file in declared().items() if text not in reported
    }
    assert gone == {}


def test_what_no_test_runs_is_still_reported() -> None:
    for beginning in FOREIGN:
        assert any(command.text.startswith(beginning) for command in _EVERY), beginning


def test_the_walk_makes_no_target() -> None:
    """It goes through a checkout without a Makefile, so that a test must take each target from its page."""
    made = [each for each in _EVERY if each.text in _WALKED and each.words[0] == "make"]
    assert [str(each) for each in made if not runs_elsewhere(each)] == []
