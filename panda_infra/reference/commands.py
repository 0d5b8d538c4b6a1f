"""docs/commands.md: every command of the program with its options."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer

from panda_infra.cli.app import app
from panda_infra.cli.errors import EXIT_CODES
from panda_infra.reference.markdown import MADE, code, table

__all__ = ["commands", "leaves"]

_PROGRAM = "python -m panda_infra"
_TYPES = {"str": "text", "int": "number", "float": "number"}
_INTRODUCTION = f"""\
# Commands

All of them begin with `{_PROGRAM}` and run at the top of the checkout, with its virtualenv on PATH
([develop.md](develop.md#the-tools)). The examples leave that beginning out. `panda-infra` is short for it, and
`panda-infra --install-completion` lets your shell complete its commands, options and names of stacks.

{EXIT_CODES}

Results go to standard output, all else to standard error. No command shows a secret value, but
`secrets render`, which writes them to files.
"""


def commands() -> str:
    """The page."""
    top: Any = typer.main.get_command(app)
    return "\n".join(
        [MADE, _INTRODUCTION, *(line for name, each in leaves(top) for line in _command(name, each))]
    )


def leaves(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below a group, by its whole name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    shown = [
        each.metavar if each.required or "[" in each.metavar else f"[{each.metavar}]" for each in arguments
    ]
    yield f"## {name}\n"
    yield "```text"
    yield " ".join([_PROGRAM, name, *(["[OPTIONS]"] if options else []), *shown])
    yield "```\n"
    yield f"{command.help}\n"
    rows = [(code(each.metavar), "", _default(each), each.help or "") for each in arguments]
    context = typer.Context(command)
    rows += [
        (", ".join(map(code, each.opts)), _value(each, context), _default(each), each.help or "")
        for each in options
    ]
    if rows:
        yield from table(("argument or option", "value", "default", "meaning"), rows)


def _value(option: Any, context: typer.Context) -> str:
    if option.is_flag:
        return ""
    shown = option.display_type(context).strip("<>")
    return code(option.metavar or _TYPES.get(shown, shown))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "**required**"
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    return code(str(value)) if value not in (None, False, "") else ""
