"""`dev workflow`: what a developer's fork needs for its pushes to be deployed, without Argo CD."""

from __future__ import annotations

from typing import Annotated

import typer

from panda_infra.cli.dev.options import NameArgument
from panda_infra.cli.stack_argument import project
from panda_infra.config.charts import GitCharts
from panda_infra.developers import workflow as workflows
from panda_infra.developers.names import name_of
from panda_infra.developers.parents import developer_stack
from panda_infra.developers.request import image_of
from panda_infra.errors import PandaInfraError

__all__ = ["workflow"]


def workflow(
    name: NameArgument,
    repository: Annotated[
        str,
        typer.Option(metavar="OWNER/NAME", help="This project on GitHub, with the developer's stack file."),
    ],
    branch: Annotated[
        str | None, typer.Option(help="Branch of the fork; default: the one whose charts the stack follows.")
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMPONENT.PART=IMAGE", help="Image that the fork builds per commit; repeatable."
        ),
    ] = None,
) -> None:
    """Print a workflow for a developer's fork that runs `dev up NAME` after each push.

    Charts follow the branch; images get the commit as their tag, which the fork's own job must have pushed before.

    **Examples**

    - `dev workflow alice --repository me/panda-infra`
    """
    config = developer_stack(project(), who := name_of(name)).config
    followed = branch or (config.charts.branch if isinstance(config.charts, GitCharts) else None)
    if followed is None:
        raise PandaInfraError(
            f"stack {who.stack} follows no branch: give --branch, or `dev up {name} --charts` first"
        )
    file = config.cluster.kubeconfig if config.cluster.kind == "existing" else None
    images = [image_of(text) for text in image or ()]
    typer.echo(
        workflows.workflow(name, repository=repository, branch=followed, images=images, kubeconfig=file),
        nl=False,
    )
