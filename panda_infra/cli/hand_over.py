"""`hand-over`: releases the objects that a stack takes over from their former owner."""

from __future__ import annotations

import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Annotated

import typer

from panda_infra.adoption.charts import chart_folders
from panda_infra.adoption.hand_over import steps
from panda_infra.cli.output import JsonFlag, line, say, show_json
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.helm import find_helm
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.errors import PandaInfraError
from panda_infra.live.other_applications import applications, refusal
from panda_infra.plan.make import make_plan
from panda_infra.stacks.access import reach
from panda_infra.stacks.decrypted import decrypted

__all__ = ["hand_over"]


def hand_over(
    stack: StackArgument,
    yes: Annotated[
        bool, typer.Option("--yes", help="Make the changes; without it they are only shown.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Change the owner marks of the objects that a stack of `adopt` takes over, and nothing else.

    Objects that Argo CD applied get the marks of Helm's release. The release record of the secrets chart is removed;
    its Secrets stay. No pod, claim or value changes. The command refuses as long as an Application of Argo CD deploys
    the same objects, and prints how to stop that. It may be repeated at any time.

    **Examples**

    - `hand-over doma` shows the changes
    - `hand-over doma --yes`
    """
    here = project()
    config = decrypted(find_pulumi(here.folder), stack).config
    if not config.takes_over:
        raise PandaInfraError(
            f"stack {stack} takes nothing over: `namespace: {{name: ..., adopt: true, takeOver: true}}` would"
        )
    api = reach(stack, config.cluster, config.secrets).kubernetes
    if api is None:
        raise PandaInfraError("the cluster does not exist")
    plan = make_plan(stack, config)
    if by_argo := [each for each in applications(api, config.namespace) if not plan.owner.wrote(each.mark)]:
        raise PandaInfraError(refusal(by_argo))
    helm = find_helm(api.call("GET", "/version")["gitVersion"])
    with tempfile.TemporaryDirectory(prefix="panda-infra-") as scratch, chdir(here.folder):
        folders = chart_folders(config.charts, [each.chart for each in plan.releases], helm, Path(scratch))
        wanted = steps(api, plan, folders, helm)
    if as_json:
        show_json([{"path": each.path, "what": each.words} for each in wanted])
    for each in wanted:
        if yes:
            each.take(api)
        if not as_json:
            line(each.words)
    if not wanted:
        say("nothing is left to hand over")
    elif not yes:
        say(f"{len(wanted)} changes; `python -m panda_infra hand-over {stack} --yes` makes them")
