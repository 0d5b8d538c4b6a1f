"""`pin`: writes the digests of charts and images into a stack file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from panda_infra.cli.output import JsonFlag, line, say, show_json, warn
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.config.paths import Path, spelled
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.pins.lookup import digests
from panda_infra.pins.pins import Pin, pins
from panda_infra.stacks.edit import edit
from panda_infra.stacks.project import Project

__all__ = ["DryRunFlag", "pin", "write_values"]

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

    The version or the tag is written beside the digest. A pinned chart or image that was overwritten in its registry is
    reported, and stays pinned as it was reviewed unless you give `--update`. Images that Argo CD's Image Updater
    follows are left out. If one digest cannot be read, none is written.

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
    write_values(here, stack, values, dry_run=dry_run, as_json=as_json)


def write_values(
    here: Project, stack: str, values: Mapping[Path, str], *, dry_run: bool, as_json: bool
) -> None:
    """Write values into a stack file, and print those that it did not have.

    Raises:
        PandaInfraError: the values cannot be written, or break a rule; the file stays as it is.
    """
    name = here.file(stack).name
    shown = {spelled(path): values[path] for path in edit(here, stack, values, dry_run=dry_run)}
    if as_json:
        show_json(shown)
    else:
        for key, value in shown.items():
            line(f"{key}: {value}")
    if not shown:
        say(f"{name} has all of it already")
    elif dry_run:
        say(f"would write {len(shown)} values to {name}")
    else:
        say(f"wrote {len(shown)} values to {name}")


def _overwritten(each: Pin, now: str) -> str:
    return f"{each.key}: {each.tag} of {each.repository} is now {now}, not the pinned {each.digest}"
