"""`secrets set` and `secrets rotate`: write new values to a stack file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.output import line
from panda_infra.cli.secret_values.advice import can_be_made
from panda_infra.cli.secret_values.readers import tell_consequences
from panda_infra.cli.secret_values.reading import (
    certificate_owner,
    checked,
    field_of,
    host_certificate,
    read_value,
)
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.config.messages import set_secret
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.paths import spelled
from panda_infra.errors import PandaInfraError
from panda_infra.secrets.generate import generate
from panda_infra.secrets.lifetimes import lifetime
from panda_infra.stacks.encryption import encrypt

__all__ = ["rotate", "set_value"]

KeyArgument = Annotated[
    str,
    typer.Argument(metavar="KEY", help="Secret as `secrets audit` names it, e.g. panda.databasePassword."),
]


def set_value(
    stack: StackArgument,
    key: KeyArgument,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="File with the value; a p12 for `certificates.panda` as a whole."),
    ] = None,
) -> None:
    """Store a secret, encrypted, after checking that its readers can use it.

    An expired value is not stored; the end of a certificate, grid proxy or token is printed. Without --file the value
    comes from a hidden prompt, or from standard input in a script. It is never an argument.

    **Examples**

    - `secrets set doma panda.databasePassword`
    - `secrets set doma certificates.panda --file host.p12`
    - `secrets set doma files.harvesterAuth.panda_token_key --file panda_token_key`
    - `vault read -field=password db | python -m panda_infra secrets set doma idds.databasePassword`
    """
    here = project()
    config = here.load(stack, mending="secrets").config
    if owner := certificate_owner(key):
        values = dict(host_certificate(owner, file))
        changed = [field_of(".".join(map(str, path)), config) for path in values]
    else:
        field = field_of(key, config)
        changed = [field]
        values = {field.path: checked(field, read_value(field, file), config)}
    encrypt(find_pulumi(here.folder), stack, values)
    line(f"stored in {here.file(stack).name}: {', '.join(field.key for field in changed)}")
    _tell_ends(values)
    tell_consequences(changed, config)


def _tell_ends(values: Mapping[KeyPath, str]) -> None:
    now = datetime.now(UTC)
    for path, value in values.items():
        if found := lifetime(value):
            line(f"{spelled(path)} {found.described(now)}")


def rotate(stack: StackArgument, key: KeyArgument) -> None:
    """Make a new value for a secret that the program can make, and list the pods that the next `pulumi up` replaces.

    **Examples**

    - `secrets rotate doma msgsvc.basePassword`
    """
    here = project()
    loaded = here.load(stack)
    config, field = loaded.config, field_of(key, loaded.config)
    if reference := loaded.references.get(("secrets", *field.path)):
        raise PandaInfraError(
            f"secrets.{field.key}: is in a vault, at {reference}.\n"
            "  Renew it there; the next `pulumi up` reads it, and replaces the pods that read it at their start"
        )
    if not can_be_made(field, config):
        raise PandaInfraError(
            f"secrets.{field.key}: only the site can renew this: {field.title}.\n"
            f"  Then store it: {set_secret(stack, field.key)}"
        )
    encrypt(find_pulumi(here.folder), stack, {field.path: checked(field, generate(field), config)})
    line(f"new value in {here.file(stack).name}: {field.key}")
    tell_consequences([field], config)
