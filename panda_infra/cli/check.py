"""`check`: judges stack files offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import typer

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.cli.output import JsonFlag, line, show_json, talk
from panda_infra.cli.stack_argument import StacksArgument, project
from panda_infra.config.paths import spelled
from panda_infra.errors import Problem, StackError
from panda_infra.rules.warnings import setting_warnings
from panda_infra.stacks.neighbours import neighbours_in
from panda_infra.stacks.project import Project

__all__ = ["check"]

_WRONG = 1
# Exit codes from best to worst; the worst stack decides.
_RANK = (0, INCOMPLETE, _WRONG)


def check(stacks: StacksArgument = None, as_json: JsonFlag = False) -> None:
    """Check stack files against every rule, without a cluster, the engine or a passphrase.

    Secrets count as set if they are encrypted in the file; `secrets audit` lists the missing ones. Exit code 3 if
    nothing is wrong, but values are missing that only the site knows.

    **Examples**

    - `check`
    - `check doma lsst --json`
    """
    here = project()
    beside = neighbours_in(here)
    report: dict[str, Any] = {}
    code = 0
    for stack in stacks or here.stacks:
        error = StackError(here.file(stack).name, _problems(here, stack, beside))
        report[stack] = [asdict(problem) for problem in error.problems]
        if error.problems:
            code = max(code, _RANK.index(INCOMPLETE if error.awaits_site else _WRONG))
        if as_json:
            continue
        if error.problems:
            talk.print(_waiting(error) if error.awaits_site else str(error), markup=False)
        else:
            line(f"{stack}: ok")
        if error.awaits_site:
            _advise(here, stack)
    if as_json:
        show_json(report)
    raise typer.Exit(_RANK[code])


def _waiting(error: StackError) -> str:
    count = len(error.problems)
    values = "1 value" if count == 1 else f"{count} values"
    return f"{error.source}: waits for the site, which alone knows {values}\n{error.listed}"


def _problems(here: Project, stack: str, beside: Mapping[str, list[Problem]]) -> list[Problem]:
    found: list[Problem] = []
    try:
        here.judge(stack)
    except StackError as error:
        found += error.problems
    return found + beside.get(stack, [])


def _advise(here: Project, stack: str) -> None:
    """Print a note for each valid setting that probably does not do all that is wanted."""
    try:
        loaded = here.load(stack)
    except StackError:
        return  # already reported
    for problem in map(loaded.layers.located, setting_warnings(loaded.config, stack=stack)):
        talk.print(f"  note: {problem}", markup=False)
    for path, reference in loaded.references.items():
        what = f"{spelled(path)}: awaits {reference}, which previews and deployments read"
        talk.print(f"  note: {what}", markup=False)
