"""The namespace of a stack: a name, or a mapping for a namespace or objects in it that others made."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from panda_infra.config.base import DnsLabel, Model

__all__ = ["Namespace", "NamespaceSection"]


class Namespace(Model):
    """A namespace that exists already, or that contains objects that the stack takes over."""

    name: DnsLabel
    """Name of the namespace."""
    adopt: bool = False
    """Use a namespace that the stack did not make: the stack changes and deletes only its own objects in it."""
    take_over: bool = False
    """Take over releases, Secrets and claims with the stack's names that somebody else made."""


def _form(value: Any) -> str:
    """The tag of the form that was written, so that errors are about that one only."""
    return "mapping" if isinstance(value, dict | Namespace) else "text"


NamespaceSection = Annotated[
    Annotated[DnsLabel, Tag("text")] | Annotated[Namespace, Tag("mapping")], Discriminator(_form)
]
