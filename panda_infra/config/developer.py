"""Namespaces of developers: what a stack lends them of its cluster, and the section in the stack of one of them."""

from typing import Annotated

from pydantic import Field

from panda_infra.config.base import Form, Model, plain
from panda_infra.config.networks import Outlet, Surroundings
from panda_infra.config.quantities import Quantity

__all__ = ["Developer", "Developers", "HostPattern", "Lent", "Quota"]

Subject = Annotated[str, plain("alice")]
HostPattern = Annotated[
    str,
    Form(
        r"(?=.*\{name\})(?=.*\{host\})([a-z0-9.-]|\{name\}|\{host\})+",
        "a host name with {name} for the developer's name and {host} for the parent's host",
        "{name}-{host}",
        longest=128,
    ),
]


class Quota(Model):
    """Limits for all pods and claims of a namespace together."""

    cpu: Quantity = "16"
    """Cores that pods may request."""
    memory: Quantity = "64Gi"
    """Memory that pods may request."""
    memory_limit: Quantity = "128Gi"
    """Sum of the pods' limits of memory."""
    storage: Quantity = "500Gi"
    """Storage that claims may request."""
    claims: Annotated[int, Field(ge=0)] = 50
    """Number of claims."""
    pods: Annotated[int, Field(ge=0)] = 100
    """Number of pods."""


class Lent(Surroundings):
    """Limits of a namespace, and the ways into it and out of it."""

    quota: Quota = Quota()
    """Amounts that pods and claims may take together."""
    outlets: tuple[Outlet, ...] = ()
    """Networks that pods may connect to, beside the name server and the ports of hosts in the stack file."""


class Developers(Lent):
    """The limits and hosts that `dev up` gives to each developer's namespace on this stack's cluster."""

    hosts: HostPattern = "{name}-{host}"
    """Host names of a developer's stack."""
    days: Annotated[int, Field(ge=1)] = 14
    """Days until a developer's stack expires, unless `--days` gives another number."""


class Developer(Lent):
    """The owner of this stack's namespace, who may do everything inside, and nothing outside."""

    parent: Annotated[str, plain("doma")]
    """The stack on whose cluster it is."""
    user: Subject | None = None
    """The owner, as the cluster names the user."""
    group: Subject | None = None
    """The owner, as the cluster names a group of users."""
