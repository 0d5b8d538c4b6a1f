"""`completion`: how a shell completes this program, which is a module of Python and has no name of its own."""

from __future__ import annotations

import typer
from typer.completion import get_completion_inspect_parameters

__all__ = ["completion", "run"]

_VARIABLE = "_PANDA_INFRA_COMPLETE"
# typer's own script is for a program whose name is one word. Other uses of Python stay with the shell.
_BASH = rf"""_panda_infra() {{
    [ "$COMP_CWORD" -gt 2 ] && [ "${{COMP_WORDS[*]:1:2}}" = "-m panda_infra" ] || return 0
    local IFS=$'\n'
    COMPREPLY=($(COMP_WORDS="${{COMP_WORDS[*]:2}}" COMP_CWORD=$((COMP_CWORD - 2)) {_VARIABLE}=complete_bash \
        "$1" -m panda_infra 2>/dev/null))
}}
complete -o bashdefault -o default -F _panda_infra python python3"""


def completion() -> None:
    """Print what teaches bash to complete commands, options and names of stacks.

    Put the example, in which `python` is that of the virtualenv, into `~/.bashrc`.

    Example: `eval "$(python -m panda_infra completion)"`
    """
    typer.echo(_BASH)


def run(app: typer.Typer) -> None:
    """Run the program as a command line, or answer a shell that completes one."""
    get_completion_inspect_parameters()  # makes typer know its shells
    app(prog_name="python -m panda_infra", complete_var=_VARIABLE)
