"""`kubeconfig`: gives kubectl and helm access to a stack's cluster."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.output import say
from panda_infra.cli.reached import planned, reached
from panda_infra.cli.stack_argument import StackArgument
from panda_infra.errors import PandaInfraError

__all__ = ["kubeconfig"]


def kubeconfig(
    stack: StackArgument,
    file: Annotated[
        Path | None,
        typer.Option(help="File to add the context to; default: $KUBECONFIG's first, else ~/.kube/config."),
    ] = None,
) -> None:
    """Add a context for the stack's cluster to a kubeconfig, and print when its credential expires.

    Works for clusters of Magnum too. The rest of the file stays, its current context too; only you can read the file.
    A credential plug-in of the stack's kubeconfig is run once and replaced by its result.

    **Examples**

    - `kubeconfig doma`, then `kubectl --context panda-infra-doma get pods`
    - `kubeconfig doma --file doma.kubeconfig` for others
    """
    from panda_infra.clients.kubernetes.handed_out import (  # noqa: PLC0415 - clients that other commands need not load
        UnreadableFileError,
        add_to,
        handed_out,
    )

    plan, secrets = planned(stack)
    target = reached(plan, secrets).way_in(stack)
    name = f"panda-infra-{stack}"
    found = handed_out(target)
    chosen = file or Path(os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or "~/.kube/config")
    try:
        add_to(chosen.expanduser(), name, found, namespace=plan.config.namespace)
    except UnreadableFileError:
        raise PandaInfraError(
            f"{chosen}: is not a kubeconfig, and stays as it is; name another one by --file"
        ) from None
    except OSError as error:
        raise PandaInfraError(
            f"{chosen}: cannot be written ({error.strerror}); name another one by --file"
        ) from None
    end = f"until {found.expires:%Y-%m-%d %H:%M %Z}" if found.expires else "the credential shows no end"
    say(f"added context {name} to {chosen} ({end}): `kubectl --context {name} get pods`")
