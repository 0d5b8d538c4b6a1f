"""`rehearse`: a stack, whole, on the test bed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.output import JsonFlag, results, say, show_json
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.errors import PandaInfraError

__all__ = ["rehearse"]


def rehearse(
    stack: StackArgument,
    charts: Annotated[
        Path | None,
        typer.Option(help="A checkout of the real charts, to rehearse with those in its folder `helm`."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a whole stack on the test bed: up, up again without a change, destroy with nothing left.

    The stack file is taken as it is; secrets and what else only the site knows are made up. Nothing outside this
    machine is touched, and the test bed is removed in the end. Exit code 1 if a step fails, the second `up` changes
    anything, or something is left.

    **Examples**

    - `rehearse doma`
    - `rehearse doma --charts ../panda-k8s`
    - `rehearse lsst-prod --json`
    """
    # The program knows its test bed here and nowhere else; other commands need not load it.
    from testbed import rehearsal  # noqa: PLC0415
    from testbed.errors import BedError  # noqa: PLC0415
    from tools.errors import ToolsError  # noqa: PLC0415

    folder = charts / "helm" if charts else rehearsal.FIXTURES
    try:
        report = rehearsal.rehearse(project().file(stack), chart_folder=folder, report=say)
    except (BedError, ToolsError) as error:
        raise PandaInfraError(str(error)) from None
    if as_json:
        show_json(asdict(report) | {"passed": report.passed})
    else:
        results.print(str(report), markup=False)
    if not report.passed:
        raise typer.Exit(1)
