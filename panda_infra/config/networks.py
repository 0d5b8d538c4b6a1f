"""Networks, and what surrounds the pods of a namespace: the cluster's own networks and its ingress controllers."""

import ipaddress
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from pydantic_core import PydanticCustomError
from typing_extensions import override

from panda_infra.config.base import DnsLabel, Form, Model

__all__ = ["Network", "Outlet", "PodPort", "Surroundings"]


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
PodPort = Annotated[int, Field(ge=1, le=65535)]
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


class Outlet(Model):
    """A network that pods may connect to."""

    network: Network
    """The network; a single address ends with /32 or /128."""
    ports: tuple[PodPort, ...]
    """TCP ports."""


class Surroundings(Model):
    """Networks around the pods of a namespace, as its network policies name them."""

    inner_networks: tuple[Network, ...] = _PRIVATE
    """Networks that pods reach only where the stack file names them: those of the cluster's pods, Services, nodes."""
    ingress_namespaces: tuple[DnsLabel, ...] = ("ingress-nginx", "kube-system")
    """Namespaces of the ingress controllers, whose pods may connect to pods of the namespace."""
    ingress_networks: tuple[Network, ...] = ()
    """Networks of an ingress controller that uses those of its nodes."""
