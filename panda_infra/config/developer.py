"""Namespaces of developers: what a stack lends them of its cluster, and what the stack of one of them says."""

import ipaddress
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from pydantic_core import PydanticCustomError
from typing_extensions import override

from panda_infra.config.base import DnsLabel, Form, Model, plain
from panda_infra.config.quantities import Quantity

__all__ = ["Developer", "Developers", "HostPattern", "Lent", "Outlet", "Quota"]


@dataclass(frozen=True)
class _Network(Form):
    """A network in CIDR notation, IPv4 or IPv6, without bits beyond its prefix."""

    @override
    def check(self, value: str) -> str:
        try:
            ipaddress.ip_network(super().check(value))
        except ValueError:
            raise PydanticCustomError("form", "must be {expected}", {"expected": self.expected}) from None
        return value


Network = Annotated[
    str,
    _Network(
        r"[0-9a-fA-F:.]+/\d{1,3}", "a network with the length of its prefix", "188.184.0.0/15", longest=64
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
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
# A pod's own networks and those of the cluster's Services are private ones; 169.254.0.0/16 has the metadata of a
# cloud's servers, credentials among them.
_PRIVATE = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "fe80::/10",
)


class Quota(Model):
    """What the pods and claims of a namespace may take together."""

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


class Outlet(Model):
    """A network that pods may connect to."""

    network: Network
    """The network; a single address ends with /32 or /128."""
    ports: tuple[Port, ...]
    """TCP ports."""


class Lent(Model):
    """Limits of a namespace, and the ways into it and out of it."""

    quota: Quota = Quota()
    """What pods and claims may take together."""
    outlets: tuple[Outlet, ...] = ()
    """Where pods may connect to, beside the cluster's name server and the ports of what the stack file names."""
    inner_networks: tuple[Network, ...] = _PRIVATE
    """Networks that pods reach only by outlets: those of the cluster's pods, Services and nodes."""
    ingress_namespaces: tuple[DnsLabel, ...] = ("ingress-nginx", "kube-system")
    """Namespaces of the ingress controllers, whose pods may connect to pods of the namespace."""
    ingress_networks: tuple[Network, ...] = ()
    """Networks of an ingress controller that uses those of its nodes."""


class Developers(Lent):
    """What `dev up` gives to each developer's namespace on this stack's cluster."""

    hosts: HostPattern = "{name}-{host}"
    """Host names of a developer's stack."""
    days: Annotated[int, Field(ge=1)] = 14
    """Days until a developer's stack expires, unless `--days` says otherwise."""


class Developer(Lent):
    """Whose namespace this stack is: its owner may do everything inside, and nothing outside."""

    parent: Annotated[str, plain("doma")]
    """The stack on whose cluster it is."""
    user: Subject | None = None
    """The owner, as the cluster names the user."""
    group: Subject | None = None
    """The owner, as the cluster names a group of users."""
