"""Network policies of a whole stack: who may connect to whom."""

from typing import Annotated, Literal

from panda_infra.config.base import DnsLabel, Form, HostName, Model
from panda_infra.config.networks import Network, Outlet, PodPort, Surroundings

__all__ = ["NetworkPolicies", "PodInlet", "PodOutlet"]

PartName = Annotated[
    str,
    Form(
        r"[a-z0-9-]+\.[a-z0-9-]+",
        "a component and its sub-component with a dot between them",
        "harvester.harvester",
        longest=128,
    ),
]


class PodOutlet(Outlet):
    """A network that the pods of one sub-component may connect to, in addition to the connections of the program."""

    pods: PartName
    """The sub-component."""


class PodInlet(Model):
    """A client that may connect to the pods of one sub-component, in addition to the connections of the program."""

    pods: PartName
    """The sub-component."""
    ports: tuple[PodPort, ...]
    """TCP ports of the pods, which may differ from those of their Service; an empty list for all."""
    namespace: DnsLabel | None = None
    """A namespace of this cluster, all pods of it."""
    network: Network | None = None
    """A network; a single address ends with /32 or /128."""


class NetworkPolicies(Surroundings):
    """Refuses every connection of the stack's pods that no component needs; the network plug-in must enforce it."""

    kind: Literal["standard", "cilium", "none"]
    """standard: NetworkPolicies, which know addresses only; cilium: Cilium's own too, for hosts by their names and for
    the API server; none: no policies."""
    hosts: dict[HostName, tuple[Network, ...]] = {}
    """Networks of hosts outside of the cluster. For the others, `standard` allows their port at any address outside of
    the inner networks, and `cilium` looks at the name."""
    api_server: tuple[Network, ...] = ()
    """Addresses of the Kubernetes API server, for pods that ask it; default: any address (standard)."""
    outlets: tuple[PodOutlet, ...] = ()
    """Further connections from pods of the stack."""
    inlets: tuple[PodInlet, ...] = ()
    """Further connections to pods of the stack."""
