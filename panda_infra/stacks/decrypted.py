"""A stack's configuration with its secrets in the clear, for commands that need them."""

from __future__ import annotations

from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.clients.vault import vault_of
from panda_infra.config.load import Loaded, from_pulumi
from panda_infra.stacks.project import Project

__all__ = ["decrypted", "known"]


def decrypted(pulumi: Pulumi, stack: str) -> Loaded:
    """The configuration as the engine passes it to the program; it may still break rules between its keys.

    Raises:
        PulumiError: the stack is unknown or cannot be decrypted here.
        StackError: with every YAML error, else with every invalid key and every reference that no vault answers.
    """
    Project(pulumi.folder).legible(stack)
    return from_pulumi(stack, *pulumi.config(stack), folder=pulumi.folder, vault=vault_of())


def known(pulumi: Pulumi, here: Project, stack: str) -> Loaded:
    """The configuration with all set secrets; decrypted only if sections are encrypted as a whole.

    Raises:
        PulumiError: the stack is unknown or cannot be decrypted here.
        StackError: with every invalid key.
    """
    loaded = here.load(stack)
    return decrypted(pulumi, stack) if loaded.wholes else loaded
