"""Every command of README and docs is run by a test, which takes it from there."""

from __future__ import annotations

from tests.support.documented import FOREIGN, WALKED, declared, is_foreign, made_by_ci
from tests.support.documents import PAGES, Command, commands
from tools import REPOSITORY

_EVERY = [command for page in PAGES for command in commands(page)]
_WALKED = {command.text for page in WALKED for command in commands(page)}


def _is_run(command: Command) -> bool:
    program, *targets = command.words
    return (
        command.text in declared()
        or (program == "make" and made_by_ci().issuperset(targets))
        or command.text in _WALKED
    )


def test_every_command_is_run() -> None:
    assert [str(command) for command in _EVERY if not (is_foreign(command) or _is_run(command))] == []


def test_what_a_test_takes_from_the_pages_is_there() -> None:
    told = {command.text for command in _EVERY}
    gone = {text: str(file.relative_to(REPOSITORY)) for text, file in declared().items() if text not in told}
    assert gone == {}


def test_what_no_test_runs_is_still_told() -> None:
    for beginning in FOREIGN:
        assert any(command.text.startswith(beginning) for command in _EVERY), beginning
