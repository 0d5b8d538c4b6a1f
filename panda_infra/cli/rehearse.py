"""`rehearse`: deploys and destroys a whole stack on the test bed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from panda_infra.cli.output import JsonFlag, results, say, show_json, write
from panda_infra.cli.plan_changes import changes_between
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.review.commits import common_ancestor, full_name, unpacked
from panda_infra.stacks.project import Project

__all__ = ["rehearse"]


def rehearse(  # noqa: PLR0917 - typer makes options of parameters
    stack: StackArgument,
    charts: Annotated[
        Path | None,
        typer.Option(
            help="A checkout of the real charts, to rehearse with those in its folder `helm` or `charts`."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="BASE",
            help="Deploy the stack of this commit before, and preview what has changed since.",
        ),
    ] = None,
    preview_json: Annotated[
        Path, typer.Option("--preview-json", help="File for that preview, as `review comment` reads it.")
    ] = Path("preview.json"),
    delivery: Annotated[
        Literal["helm", "argocd"] | None,
        typer.Option(help="Who deploys the charts; default: that of the stack file."),
    ] = None,
    consumers: Annotated[
        bool,
        typer.Option("--consumers", help="In the end, start PanDA's own software with what is deployed."),
    ] = False,
    verified: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Ask the stack by `verify` before its end; verify.json and verify.xml go there.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a whole stack on the test bed: up, up again without a change, destroy with nothing left.

    The stack file is used unchanged; secrets and other values that only the site knows are made up, and so are
    certificates that cert-manager would issue. Nothing outside this machine is touched, and the test bed is removed in
    the end. Exit code 1 if a step fails, the second `up` changes anything, or something is left.

    With --since, for pull requests that have no access to the stack, the engine previews the change from the commit
    where this one left BASE, each with its own program; an untouched stack is not rehearsed. Site and cluster are made
    up and the same for both, so changes of the cluster itself do not show.

    With --delivery argocd, the stack installs Argo CD even if its file does not, and Argo CD's own controllers deploy
    the charts.

    With --consumers, ActiveMQ, the databases, PanDA and iDDS themselves read the objects in the cluster after the
    second `up`; this needs root and Debian's packages. A failed check gives exit code 1 too.

    With --verified, `verify` asks the running stack, and its reports are kept: a line for each requirement. A failed
    check gives exit code 1 too; what cannot be asked of simulated pods does not.

    **Examples**

    - `rehearse doma`
    - `rehearse doma --charts ../panda-k8s`
    - `rehearse local --consumers --charts ../panda-k8s`
    - `rehearse doma --delivery argocd`
    - `rehearse ctao --verified verified`
    - `rehearse ctao --charts ../rucio-charts`
    - `rehearse lsst-prod --json`
    - `rehearse sphenix --since origin/main`
    """
    # Only this command depends on the test bed; other commands need not load it.
    from testbed import rehearsal  # noqa: PLC0415
    from testbed.errors import BedError  # noqa: PLC0415
    from tools.errors import ToolsError  # noqa: PLC0415

    if since and not any(change.stack == stack for change in changes_between(since, "HEAD")):
        say(f"stack {stack} is not touched")
        return
    here = project()
    _look_at(here, stack)
    try:
        with _former(here, since) as former:
            change = rehearsal.Change(former, lambda text: write(preview_json, text)) if former else None
            report = rehearsal.rehearse(
                here.file(stack),
                change=change,
                checkout=charts,
                delivery=delivery,
                consumers=consumers,
                verified=verified,
                report=say,
            )
    except (BedError, ToolsError) as error:
        raise PandaInfraError(str(error)) from None
    if as_json:
        show_json(asdict(report) | {"passed": report.passed})
    else:
        results.print(str(report), markup=False)
    if not report.passed:
        raise typer.Exit(1)


def _look_at(here: Project, stack: str) -> None:
    """Refuse a stack file with problems that the site's values cannot correct."""
    try:
        here.load(stack)
    except StackError as error:
        if not error.awaits_site:
            raise


@contextmanager
def _former(here: Project, since: str | None) -> Iterator[Path | None]:
    """A checkout of the common ancestor of HEAD and ``since``."""
    if since is None:
        yield None
        return
    left = common_ancestor(here.folder, full_name(here.folder, since), full_name(here.folder, "HEAD"))
    with unpacked(here.folder, left) as folder:
        yield folder
