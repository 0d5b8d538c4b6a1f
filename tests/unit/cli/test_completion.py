"""What bash offers where Tab is pressed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools import REPOSITORY

# As bash calls the function that the registration below names.
_PRESS_TAB = """
eval "$("$1" -m panda_infra completion)"
read -r _ _ _ _ _ _ function _ <<< "$(complete -p python)"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"$function" "$1"
echo "${COMPREPLY[*]}"
"""


def offered(*words: str) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", _PRESS_TAB, "bash", sys.executable, *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("che",), ["check"]),
        (("secrets", "r"), ["rotate", "render"]),
        (("check", "ls"), ["lsst", "lsst-prod"]),
        (("secrets", "set", "-s", "do"), ["doma"]),
        (("graph", "doma", "--fo"), ["--format"]),
        (("graph", "doma", "--format", "s"), ["svg"]),
    ],
)
def test_commands_options_and_stacks_are_completed(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered("-m", "panda_infra", *words) == expected


@pytest.mark.parametrize("words", [("-m", "pand"), ("-m", "pytest", "ch"), ("program.py", "ch"), ("",)])
def test_other_uses_of_python_stay_with_the_shell(words: tuple[str, ...]) -> None:
    assert offered(*words) == []
