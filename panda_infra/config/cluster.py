"""Which Kubernetes cluster a stack lives on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from panda_infra.config.base import DnsLabel, Form, Model, plain

__all__ = ["Cluster", "ExistingCluster", "MagnumCluster", "NodeGroup"]

Flavor = Annotated[str, plain("m2.xlarge")]
# Nodes are called `<cluster>-<12 characters>-node-<number>`, which must fit into a host name's 63.
ClusterName = Annotated[
    str,
    Form(
        r"[a-z]([a-z0-9-]*[a-z0-9])?",
        "at most 38 lower-case letters, digits and dashes that start with a letter",
        "panda-doma",
        longest=38,
    ),
]


class ExistingCluster(Model):
    """A cluster that somebody else made; needs no OpenStack credentials."""

    kind: Literal["existing"]
    """The cluster exists already."""
    kubeconfig: Annotated[str, plain("~/.kube/config")] | None = None
    """Path of the kubeconfig file; without it `secrets.kubeconfig` must be set."""
    context: Annotated[str, plain("panda-admin")] | None = None
    """Context inside the kubeconfig; without it the file's current context."""
    no_root: bool = False
    """Pods may not run as root, as under OpenShift's restricted policy."""


class NodeGroup(Model):
    """More nodes of another flavor beside the cluster's first group."""

    name: DnsLabel
    """Name of the node group inside the cluster."""
    flavor: Flavor
    """Nova flavor of its nodes."""
    count: Annotated[int, Field(ge=0)]
    """Number of nodes."""


class MagnumCluster(Model):
    """A cluster that this program makes with OpenStack Magnum."""

    kind: Literal["magnum"]
    """The cluster is made by Magnum."""
    name: ClusterName
    """Name of the cluster; Magnum derives the names of servers and nodes from it."""
    cloud: Annotated[str, plain("openstack")] = "openstack"
    """Name of the cloud in clouds.yaml."""
    template: Annotated[str, plain("kubernetes-1.33.4-1")]
    """Name of Magnum's cluster template."""
    keypair: Annotated[str, plain("panda")]
    """Name of the Nova keypair for the nodes."""
    node_count: Annotated[int, Field(ge=1)] = 4
    """Number of workers in the first node group."""
    flavor: Flavor
    """Nova flavor of the workers."""
    master_count: Annotated[int, Field(ge=1)] = 1
    """Number of masters."""
    master_flavor: Flavor
    """Nova flavor of the masters."""
    labels: dict[str, str] = {}
    """Magnum labels, merged over the template's."""
    node_groups: tuple[NodeGroup, ...] = ()
    """More groups of nodes."""
    adopt: bool = False
    """Take over an existing cluster of this name instead of making one."""
    certificate_days: Annotated[int, Field(ge=1)] = 30
    """Days before its end that the program's client certificate is renewed."""
    alias_offset: Annotated[int, Field(ge=0)] = 0
    """First number N of `host--load-N-`; set it when another cluster shares the aliases."""


Cluster = Annotated[ExistingCluster | MagnumCluster, Field(discriminator="kind")]
