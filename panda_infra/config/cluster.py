"""The Kubernetes cluster that a stack runs on."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from panda_infra.config.base import DnsLabel, Form, HostName, Model, plain

__all__ = ["Cluster", "ExistingCluster", "MagnumCluster", "NodeGroup", "StackCluster"]

Flavor = Annotated[str, plain("m2.xlarge")]
# Magnum cuts the names of servers after 30 characters of the cluster's, so longer names could become equal.
ClusterName = Annotated[
    str,
    Form(
        r"[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?",
        "at most 30 letters, digits, dashes, dots and underscores that start with a letter",
        "panda-doma-k8s",
        longest=30,
    ),
]


class ExistingCluster(Model):
    """A cluster that somebody else made; needs no OpenStack credentials."""

    kind: Literal["existing"]
    """The cluster exists already."""
    kubeconfig: Annotated[str, plain("~/.kube/config")] | None = None
    """Path of the kubeconfig file, or several as in `KUBECONFIG`, with `~` and variables; `in-cluster`: the service
    account of the pod that the program runs in. Without it `secrets.kubeconfig` must be set."""
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
    cloud: Annotated[str, plain("cern")] | None = None
    """Name of the cloud in clouds.yaml; without it the OS_* environment variables select it."""
    template: Annotated[str, plain("kubernetes-1.33.4-1")]
    """Name of Magnum's cluster template."""
    keypair: Annotated[str, plain("panda")]
    """Name of the Nova keypair for the nodes."""
    public_key: Annotated[str, plain("ssh-ed25519 AAAA... panda@example")] | None = None
    """Public key of a keypair that the stack makes; without it the keypair must exist."""
    node_count: Annotated[int, Field(ge=1)] = 4
    """Number of workers in the first node group."""
    node_counts: Literal["program", "autoscaler"] = "program"
    """Who sets the numbers of workers: this program, or an autoscaler, which starts from them in a new cluster."""
    flavor: Flavor
    """Nova flavor of the workers."""
    master_count: Annotated[int, Field(ge=1)] = 1
    """Number of masters."""
    master_flavor: Flavor
    """Nova flavor of the masters."""
    labels: Mapping[str, str] = {}
    """Magnum labels, merged over the template's."""
    node_groups: tuple[NodeGroup, ...] = ()
    """More groups of nodes."""
    adopt: bool = False
    """Take over an existing cluster of this name instead of making one; it stays when the stack is destroyed."""
    delete_adopted: bool = False
    """Delete a taken-over cluster when the stack is destroyed, as if the stack had made it."""
    renew_days: Annotated[int, Field(ge=1)] = 30
    """The program's client certificate is renewed this many days before it expires."""
    token_hours: Annotated[int, Field(ge=2)] | None = None
    """Lifetime in hours of a service account's token that replaces that certificate of five years."""
    aliases: Literal["program", "controller", "standby"] = "program"
    """Who writes the LanDB aliases: this program, CERN's landb-alias-controller in the cluster, or nobody (standby)."""
    alias_workers: Annotated[int, Field(ge=1)] | None = None
    """Number of workers that carry the aliases, to move them node by node; without it all of them."""
    name_aliases: bool = False
    """Also write aliases made of the cluster's name: NAME alone and, for PanDA, NAME-server, NAME-panda and so on."""
    alias_domain: HostName = "cern.ch"
    """Domain in which LanDB has its aliases."""
    alias_hosts: tuple[HostName, ...] = ()
    """More host names that lead to this cluster, e.g. those of ActiveMQ or Argo CD."""
    alias_offset: Annotated[int, Field(ge=0)] = 0
    """Highest N of `host--load-N-` that another cluster with the same aliases uses."""

    @property
    def stays(self) -> bool:
        """True if the cluster is kept when the stack is destroyed."""
        return self.adopt and not self.delete_adopted


class StackCluster(Model):
    """The Magnum cluster of another stack, which lends it to developers' stacks."""

    kind: Literal["stack"]
    """The cluster is another stack's."""
    stack: Annotated[str, plain("doma")]
    """That stack; its section `developers` makes it export the access to its cluster."""
    cloud: Annotated[str, plain("cern")] | None = None
    """Name of the cloud in clouds.yaml for LanDB aliases; without it the OS_* environment variables select it."""
    alias_domain: HostName | None = None
    """Domain in which LanDB has aliases; without it the stack writes none."""


Cluster = Annotated[ExistingCluster | MagnumCluster | StackCluster, Field(discriminator="kind")]
