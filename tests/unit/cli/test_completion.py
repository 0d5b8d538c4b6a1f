"""What bash offers where Tab is pressed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack_files import SAMPLES
from tools import REPOSITORY

# As bash calls the function that the registration names.
_PRESS_TAB = """
eval "$REGISTRATION"
read -r _ _ _ _ function _ <<< "$(complete -p panda-infra)"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"$function" "$1"
echo "${COMPREPLY[*]}"
"""


@pytest.fixture(scope="module")
def registration() -> str:
    return _run(["bash", "--norc", "-c", "panda-infra --show-completion; :"])


def offered(registration: str, *words: str) -> list[str]:
    command = ["bash", "--norc", "-c", _PRESS_TAB, "bash", "panda-infra", *words]
    return _run(command, REGISTRATION=registration).split()


def _run(command: list[str], **environment: str) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=SAMPLES.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | environment | {"PATH": path},
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
        (("graph", "doma", "--ou"), ["--output"]),
        (("plan-changes", "--ma"), ["--matrix"]),
    ],
)
def test_commands_options_and_stacks_are_completed(
    registration: str, words: tuple[str, ...], expected: list[str]
) -> None:
    assert offered(registration, *words) == expected
