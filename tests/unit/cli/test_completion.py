"""What bash offers where Tab is pressed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.stack_files import SAMPLES
from tools import REPOSITORY

# As bash calls the function that the registration below names.
_PRESS_TAB = """
eval "$REGISTRATION"
read -r _ _ _ _ _ _ function _ <<< "$(complete -p python)"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"$function" "$1"
echo "${COMPREPLY[*]}"
"""


@pytest.fixture(scope="module")
def registration() -> str:
    return _run([sys.executable, "-m", "panda_infra", "completion"])


def offered(registration: str, *words: str) -> list[str]:
    command = ["bash", "--norc", "-c", _PRESS_TAB, "bash", sys.executable, *words]
    return _run(command, REGISTRATION=registration).split()


def _run(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=SAMPLES.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("che",), ["check"]),
        (("secrets", "r"), ["rotate", "render"]),
        (("check", "ls"), ["lsst", "lsst-prod"]),
        (("secrets", "set", "do"), ["doma"]),
        (("graph", "doma", "--fo"), ["--format"]),
        (("graph", "doma", "--format", "s"), ["svg"]),
    ],
)
def test_commands_options_and_stacks_are_completed(
    registration: str, words: tuple[str, ...], expected: list[str]
) -> None:
    assert offered(registration, "-m", "panda_infra", *words) == expected


@pytest.mark.parametrize("words", [("-m", "pand"), ("-m", "pytest", "ch"), ("program.py", "ch"), ("",)])
def test_other_uses_of_python_stay_with_the_shell(registration: str, words: tuple[str, ...]) -> None:
    assert offered(registration, *words) == []
