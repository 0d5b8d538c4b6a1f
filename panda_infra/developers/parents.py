"""The stacks of a project that lend their clusters to developers, and those of the developers."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.load import Loaded
from panda_infra.developers.names import DeveloperName
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.stacks.project import Project

__all__ = ["developer_stack", "developer_stacks", "lender", "refuse_taken_hosts"]


def developer_stack(here: Project, name: DeveloperName) -> Loaded:
    """The stack of a developer.

    Raises:
        PandaInfraError: there is none, or a stack of that name is not a developer's.
        StackError: its file is invalid.
    """
    if not here.new_file(name.stack).is_file():
        known = ", ".join(each.stack for each in developer_stacks(here)) or "none"
        raise PandaInfraError(
            f"{name.name} has no stack here: there is no Pulumi.{name.stack}.yaml; there are {known}"
        )
    loaded = here.load(name.stack)
    if loaded.config.developer is None:
        raise PandaInfraError(
            f"stack {name.stack} is no developer's: its file has no section `developer`. Nothing was changed"
        )
    return loaded


def developer_stacks(here: Project) -> Iterator[Loaded]:
    """Every developer's stack whose file can be read."""
    return (each for each in _readable(here) if each.config.developer is not None)


def lender(here: Project, named: str | None) -> Loaded:
    """The parent for a new stack: the named one, else the only one with a section `developers`.

    Raises:
        PandaInfraError: the named one is a developer's itself, or it is not clear which one is meant.
        StackError: its file is invalid.
    """
    if named:
        found = here.load(named)
        if found.config.developer is not None:
            raise PandaInfraError(
                f"--from {named}: this is a developer's stack, which has no cluster of its own to lend"
            )
        return found
    lending = [each for each in _readable(here) if each.config.developers is not None]
    if len(lending) == 1:
        return lending[0]
    which = ", ".join(each.stack for each in lending) or "none"
    raise PandaInfraError(
        f"name the stack whose cluster is to be shared: --from STACK. Stacks with `developers`: {which}"
    )


def refuse_taken_hosts(here: Project, stack: str, hosts: Iterator[str]) -> None:
    """Refuse hosts that another stack of the project has.

    Raises:
        PandaInfraError: it has one of them.
    """
    wanted = set(hosts)
    for other in _readable(here):
        taken = wanted.intersection(other.config.hosts.exposed().values())
        if taken and other.stack != stack:
            raise PandaInfraError(
                f"{', '.join(sorted(taken))} would be hosts of {stack}, but stack {other.stack} has them: choose "
                "another name"
            )


def _readable(here: Project) -> Iterator[Loaded]:
    for stack in here.stacks:
        try:
            yield here.load(stack)
        except StackError:
            continue  # `check` reports it
