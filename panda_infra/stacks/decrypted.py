"""A stack's configuration with its secrets in the clear, for commands that must see them."""

from __future__ import annotations

from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.config.load import Loaded, from_pulumi
from panda_infra.stacks.project import Project

__all__ = ["decrypted", "known"]


def decrypted(pulumi: Pulumi, stack: str) -> Loaded:
    """The configuration as the engine would hand it to the program; it may still break rules between its keys.

    Raises:
        PulumiError: the stack is unknown or cannot be decrypted here.
        StackError: with everything that is no right YAML, else with every key that is wrong by itself.
    """
    Project(pulumi.folder).legible(stack)
    return from_pulumi(stack, *pulumi.config(stack), folder=pulumi.folder)


def known(pulumi: Pulumi, here: Project, stack: str) -> Loaded:
    """The configuration with every secret that is set: not decrypted, unless only that shows which these are.

    Raises:
        PulumiError: the stack is unknown or cannot be decrypted here.
        StackError: with every key that is wrong by itself.
    """
    loaded = here.load(stack)
    return decrypted(pulumi, stack) if loaded.wholes else loaded
