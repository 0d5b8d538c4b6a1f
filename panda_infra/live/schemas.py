"""Check that the databases of a running stack have the tables that the images of a plan need."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.errors import NotAskedError, PandaInfraError, Problem
from panda_infra.live.commands import Commands
from panda_infra.live.offers import Report
from panda_infra.plan.schemas import Needed, needed
from panda_infra.products.schemas import in_order

__all__ = ["look"]

_SECONDS = 20.0


def look(commands: Commands) -> Report:
    """Compare the tables that are there with those that are needed.

    Only tables that are known to be too old are a problem. A database that cannot be asked is a note: that of a stack
    that is deployed for the first time is not there yet.
    """
    found = [each for need in needed(commands.pods.plan) for each in _compared(commands, need)]
    return Report(
        [each for each in found if isinstance(each, Problem)],
        [each for each in found if isinstance(each, str)],
    )


def _compared(commands: Commands, need: Needed) -> Iterator[Problem | str]:
    if need.version is None:
        component = need.where.split(".")[1]
        yield (
            f"which tables {need.image} needs is not known, so that they were not compared with those of the database: "
            f"components.{component}.{need.schema.key} states it"
        )
        return
    there = _there(commands, need)
    if isinstance(there, NotAskedError):
        yield f"which tables the database has is not known ({there}): {need.image} needs {need.version} or later"
    elif in_order(there) < in_order(need.version):
        yield Problem(
            need.where,
            f"{need.image} needs tables of version {need.version} or later, and the database has {there}",
            f"{need.schema.patching}, or deploy an image that fits them.",
        )
    elif not need.sure:
        yield (
            f"the program knows which tables images need until {need.schema.known}: {need.image} needs "
            f"{need.version} or later, and the database has {there}"
        )


def _there(commands: Commands, need: Needed) -> str | NotAskedError:
    """The version of the tables that are there, or why it is not known."""
    reason = NotAskedError("no part of the stack can be asked")
    for command in need.schema.asks:
        try:
            return commands.answer(command, _SECONDS)
        except NotAskedError as error:
            reason = error
            if not error.absent:
                break
        except KubernetesError as error:
            return NotAskedError(error.what)
        except PandaInfraError:
            # Words of the database may contain names out of Secrets.
            return NotAskedError(f"{command.part} gives no version of them")
    return reason
