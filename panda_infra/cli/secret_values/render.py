"""`secrets render`: writes the content of every Secret to files, for comparison."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.output import line
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.errors import PandaInfraError
from panda_infra.secrets.build import build
from panda_infra.secrets.fields import missing_problems
from panda_infra.stacks.decrypted import decrypted

__all__ = ["render"]


def render(
    stack: StackArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="New or empty folder outside of the repository.")
    ],
) -> None:
    """Write every Secret of a stack in plain text: one folder per Secret, one file per key, readable by you alone.

    **Examples**

    - `secrets render doma --output ~/doma-secrets`; then compare with the live Secrets, and remove the folder
    """
    here = project()
    target = output.expanduser().resolve()
    if target.is_relative_to(here.folder.resolve()):
        raise PandaInfraError(
            f"{output} lies inside the repository, where secrets could be committed: choose another"
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise PandaInfraError(
            f"{output} is there already and not an empty folder: remove it, or choose another"
        )
    loaded = decrypted(find_pulumi(here.folder), stack)
    config = loaded.config
    if problems := missing_problems(config, stack=stack):
        raise loaded.error(problems)
    with chdir(here.folder):
        contents = build(config)
    names = config.names
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.chmod(0o700)
    for suffix, content in contents.items():
        folder = target / names.secret(suffix)
        folder.mkdir(mode=0o700)
        for key, value in content.data.items():
            file = folder / key
            file.touch(mode=0o600)
            file.write_bytes(value)
    line(f"wrote {len(contents)} Secrets to {output}: remove them after use")
