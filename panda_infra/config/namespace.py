"""The namespace of a stack: a name of its own, or a mapping for one that holds what others made."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from panda_infra.config.base import DnsLabel, Model

__all__ = ["Namespace", "NamespaceSection"]


class Namespace(Model):
    """A namespace that is there already, or that holds what is there already."""

    name: DnsLabel
    """Name of the namespace."""
    adopt: bool = False
    """Use a namespace that the stack did not make: it is never changed or deleted, only what the stack made in it."""
    take_over: bool = False
    """Releases, Secrets and claims of the stack's own names that somebody else made become the stack's."""


def _form(value: Any) -> str:
    """Which of the two is meant, so that errors are about that one."""
    return "mapping" if isinstance(value, dict | Namespace) else "text"


NamespaceSection = Annotated[
    Annotated[DnsLabel, Tag("text")] | Annotated[Namespace, Tag("mapping")], Discriminator(_form)
]
