"""`check`: every stack file, offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import typer

from panda_infra.cli.output import JsonFlag, line, show_json, talk
from panda_infra.cli.stack_argument import StacksArgument, project
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem, StackError
from panda_infra.stacks.neighbours import neighbours
from panda_infra.stacks.project import Project

__all__ = ["check"]


def check(stacks: StacksArgument = None, as_json: JsonFlag = False) -> None:
    """Check stack files against every rule, without a cluster, the engine or a passphrase.

    Secrets count as set when they are encrypted in the file; `secrets audit` tells which are missing.

    **Examples**

    - `check`
    - `check doma lsst --json`
    """
    here = project()
    beside = _neighbours(here)
    report: dict[str, Any] = {}
    for stack in stacks or here.stacks:
        problems = _problems(here, stack, beside)
        report[stack] = [asdict(problem) for problem in problems]
        if as_json:
            continue
        if problems:
            talk.print(str(StackError(here.file(stack).name, problems)), markup=False)
        else:
            line(f"{stack}: ok")
    if as_json:
        show_json(report)
    if any(report.values()):
        raise typer.Exit(1)


def _problems(here: Project, stack: str, beside: Mapping[str, Problem]) -> list[Problem]:
    found: list[Problem] = []
    try:
        here.judge(stack)
    except StackError as error:
        found += error.problems
    return found + ([beside[stack]] if stack in beside else [])


def _neighbours(here: Project) -> dict[str, Problem]:
    """What is wrong between the stacks of the project, those that are not asked for included."""
    readable: dict[str, StackConfig] = {}
    for stack in here.stacks:
        try:
            readable[stack] = here.load(stack).config
        except StackError:
            continue  # it is told by itself
    return neighbours(readable)
