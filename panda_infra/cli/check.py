"""`check`: every stack file, offline."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer

from panda_infra.cli.output import JsonFlag, line, show_json, talk
from panda_infra.cli.stack_argument import StacksArgument, project
from panda_infra.errors import StackError

__all__ = ["check"]


def check(stacks: StacksArgument = None, as_json: JsonFlag = False) -> None:
    """Check stack files against every rule, without a cluster, the engine or a passphrase.

    Secrets count as set when they are encrypted in the file; `secrets audit` tells which are missing.

    **Examples**

    - `check`
    - `check doma lsst --json`
    """
    here = project()
    report: dict[str, Any] = {}
    for stack in stacks or here.stacks:
        try:
            here.judge(stack)
        except StackError as error:
            report[stack] = [asdict(problem) for problem in error.problems]
            if not as_json:
                talk.print(str(error), markup=False)
        else:
            report[stack] = []
            if not as_json:
                line(f"{stack}: ok")
    if as_json:
        show_json(report)
    if any(report.values()):
        raise typer.Exit(1)
