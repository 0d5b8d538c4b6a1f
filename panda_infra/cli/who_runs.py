"""`who-runs`: the stacks that have deployed an image."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from panda_infra.cli.output import JsonFlag, results, say, show_json, table
from panda_infra.cli.stack_argument import StacksArgument, project
from panda_infra.clients.pulumi.cli import PulumiError, UnknownStackError, find_pulumi
from panda_infra.pins.deployed import deployed_images, images_beside, wanted

__all__ = ["who_runs"]


def who_runs(
    image: Annotated[
        str,
        typer.Argument(
            metavar="IMAGE",
            help="`[REGISTRY/]NAME[:TAG][@DIGEST]`, or a digest; a name fits in any registry.",
        ),
    ],
    stacks: StacksArgument = None,
    as_json: JsonFlag = False,
) -> None:
    """List where an image is deployed: over all stacks, by the state that their last runs have left.

    The stack files are not read, because their content may not be deployed yet. An image whose tag was overwritten is
    known by its digest alone, so pin images (`pin`). Exit code 1 if the state of a stack cannot be read; the others are
    listed all the same. A stack that was never deployed runs nothing.

    **Examples**

    - `who-runs rucio/rucio-server`
    - `who-runs postgres:15.10 doma lsst` asks of two stacks
    - `who-runs rucio/rucio-server --json`
    """
    sought = wanted(image)
    here = project()
    pulumi = find_pulumi(here.folder)
    found, broken = [], False
    for stack in stacks or here.stacks:
        try:
            state = pulumi.recorded(stack)
        except UnknownStackError:
            continue  # the backend does not have the stack yet
        except PulumiError as error:
            say(f"error: {stack}: {error}")
            broken = True
            continue
        images = (*deployed_images(state.releases), *images_beside(state))
        found += [(stack, each) for each in images if sought.fits(each)]
    if as_json:
        show_json([{"stack": stack, **asdict(each)} for stack, each in found])
    elif found:
        shown = table("stack", "release", "where", "repository", "tag", "digest")
        for stack, each in found:
            shown.add_row(
                stack, each.release or "-", each.where, each.repository, each.tag, each.digest or "-"
            )
        results.print(shown)
    else:
        say(f"no stack runs {image}")
    if broken:
        raise typer.Exit(1)
