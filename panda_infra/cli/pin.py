"""`pin`: writes the digests of charts and images into a stack file."""

from __future__ import annotations

from typing import Annotated

import typer

from panda_infra.cli.output import JsonFlag, line, say, show_json, warn
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.config.paths import Path, spelled
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.pins.lookup import digests
from panda_infra.pins.pins import Pin, pins
from panda_infra.stacks.edit import edit

__all__ = ["DryRunFlag", "pin", "show_values"]

DryRunFlag = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")]


def pin(
    stack: StackArgument,
    components: Annotated[
        list[str] | None, typer.Argument(metavar="[COMPONENT]...", help="Components; all if none.")
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Write the present digest too where the stack file has another one."),
    ] = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Pin the charts and images that a stack runs, by the digests that their registries give now.

    The version or the tag is written beside the digest. A pinned chart or image that somebody has overwritten is
    reported, and stays pinned as it was reviewed unless you give `--update`. Images that Argo CD's Image Updater
    follows are left out. If one digest is not to be had, none is written.

    **Examples**

    - `pin doma` pins everything
    - `pin doma panda idds --update` takes what the registry has under the same tags now
    """
    here = project()
    loaded = here.load(stack)
    deployed = loaded.config.components.deployed()
    if unknown := [name for name in components or () if name not in deployed]:
        raise PandaInfraError(
            f"{loaded.source} has no component {', '.join(unknown)}: it has {', '.join(deployed)}"
        )
    wanted = [
        each
        for each in pins(loaded.config)
        if not each.followed and (not components or each.path[1] in components)
    ]
    found, problems = digests(wanted)
    if problems:
        raise StackError(loaded.source, problems)
    moved = [each for each in wanted if each.digest and each.digest != found[each]]
    values: dict[Path, str] = {}
    for each in wanted:
        if each.digest is None or (update and each in moved):
            values |= {each.tag_path: each.tag, each.digest_path: found[each]}
    if not update:
        for each in moved:
            warn(_overwritten(each, found[each]))
    show_values(values, as_json=as_json)
    if not values:
        say(f"{loaded.source} pins all of it already")
    elif dry_run:
        say(f"would write {len(values)} values to {loaded.source}")
    else:
        changed = edit(here, stack, values)
        say(f"wrote {len(changed)} values to {loaded.source}")


def show_values(values: dict[Path, str], *, as_json: bool) -> None:
    """Print new values of a stack file."""
    shown = {spelled(path): value for path, value in values.items()}
    if as_json:
        show_json(shown)
        return
    for key, value in shown.items():
        line(f"{key}: {value}")


def _overwritten(each: Pin, now: str) -> str:
    return f"{each.key}: {each.tag} of {each.repository} is now {now}, not the pinned {each.digest}"
