"""The calls to OpenStack as plain data and one protocol, so that tests of the logic need no cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from panda_infra.errors import NoAnswerError, NotAllowedError, NotFoundError, ResourceError

__all__ = [
    "BlockVolume",
    "ClusterInfo",
    "ClusterSpec",
    "Flavor",
    "Limits",
    "NodeGroupInfo",
    "OpenStack",
    "OpenStackError",
    "OpenStackNotAllowedError",
    "OpenStackNotFoundError",
    "OpenStackUnreachableError",
    "Server",
    "Share",
]


class OpenStackError(ResourceError):
    """OpenStack refuses a request or cannot be reached; retries did not help.

    ``status`` is the HTTP status, 0 without an answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def ambiguous(self) -> bool:
        """True if the service may have carried out the request in spite of the error."""
        return self.status == 0 or self.status >= 500  # noqa: PLR2004 - HTTP's server errors


class OpenStackUnreachableError(OpenStackError, NoAnswerError):
    """Nothing answers at the address of a service."""


class OpenStackNotAllowedError(OpenStackError, NotAllowedError):
    """Keystone refuses the log-in, a service refuses the request, or no usable log-in is configured."""


class OpenStackNotFoundError(OpenStackError, NotFoundError):
    """A service answers that the thing does not exist."""


@dataclass(frozen=True)
class ClusterSpec:
    """A cluster to request from Magnum; ``template`` is an id, flavors and keypair are names."""

    name: str
    template: str
    keypair: str
    flavor: str
    master_flavor: str
    node_count: int
    master_count: int
    labels: Mapping[str, str]


@dataclass(frozen=True)
class ClusterInfo:
    """A cluster as Magnum describes it.

    ``labels`` are the effective ones, the template's included; ``added_labels`` those given beside the template.
    ``faults`` maps failed resources to Heat's reasons. ``updated`` changes with everything that Magnum records.
    """

    id: str
    name: str
    status: str
    reason: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    api_address: str = ""
    template: str = ""
    keypair: str = ""
    flavor: str = ""
    master_flavor: str = ""
    master_count: int = 1
    labels: Mapping[str, str] = field(default_factory=dict)
    added_labels: Mapping[str, str] = field(default_factory=dict)
    updated: str = ""

    @property
    def complete(self) -> bool:
        """True if Magnum has finished the last request."""
        return self.status.endswith("_COMPLETE")

    @property
    def failed(self) -> bool:
        """True if the last request to Magnum has failed."""
        return self.status.endswith("_FAILED")

    def why(self) -> str:
        """Magnum's reason for the status."""
        reasons = [
            text for text in (self.reason, *(f"{what}: {why}" for what, why in self.faults.items())) if text
        ]
        return "; ".join(reasons) or "Magnum gives no reason"


@dataclass(frozen=True)
class NodeGroupInfo:
    """A node group; ``default`` ones are made with the cluster."""

    id: str
    name: str
    role: str
    flavor: str
    node_count: int
    status: str
    default: bool = False


@dataclass(frozen=True)
class Server:
    """A Nova server with all its metadata; ``fault`` is Nova's message when its status is ERROR."""

    id: str
    name: str
    status: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class BlockVolume:
    """A Cinder volume with all its metadata; ``size`` in GiB, ``servers`` are the ids of its attachments."""

    id: str
    name: str
    status: str
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    servers: Sequence[str] = ()


@dataclass(frozen=True)
class Share:
    """A Manila share with all its metadata; ``size`` in GiB."""

    id: str
    name: str
    status: str
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Flavor:
    """A Nova flavor; ``ram`` in MiB."""

    id: str
    name: str
    vcpus: int
    ram: int


@dataclass(frozen=True)
class Limits:
    """A project's limit on one thing and its use; ``maximum`` is None without a limit."""

    maximum: int | None
    used: int


class OpenStack(Protocol):
    """The calls that this program makes; each may raise `OpenStackError`, each listing is one call."""

    def application_credential(self) -> bool:
        """True if the credential in use is an application credential."""

    def template(self, name: str) -> str | None:
        """Id of a cluster template by its name or id."""

    def template_name(self, template_id: str) -> str:
        """Name of a cluster template."""

    def balances_masters(self, template_id: str) -> bool:
        """True if clusters of a template get a load balancer; without one, Magnum makes only one master."""

    def flavor(self, name: str) -> Flavor | None:
        """A flavor by its name or id."""

    def keypair(self, name: str) -> str | None:
        """The public key, with its comment, of the user's keypair of that name; None if there is none."""

    def limits(self) -> Mapping[str, Limits]:
        """The project's limits on ``instances``, ``cores`` and ``ram`` (MiB).

        Includes ``volumes`` if the cloud has Cinder, ``shares`` and ``share storage`` (GiB) if it has Manila.
        """

    def cluster_limits(self) -> Limits:
        """The project's limit on Magnum clusters."""

    def cluster(self, cluster_id: str) -> ClusterInfo | None:
        """A cluster by its id; None if Magnum has none."""

    def clusters_named(self, name: str) -> Sequence[ClusterInfo]:
        """Every cluster of a name: Magnum allows several."""

    def create_cluster(self, spec: ClusterSpec) -> str:
        """Request a cluster, without retries; returns its id, which Magnum may not find for a moment."""

    def upgrade_cluster(self, cluster_id: str, template: str) -> None:
        """Move a cluster to another template (id)."""

    def delete_cluster(self, cluster_id: str) -> None:
        """Request the deletion of a cluster; does nothing if there is none."""

    def node_groups(self, cluster_id: str) -> Sequence[NodeGroupInfo]:
        """All node groups of a cluster, those of masters included."""

    def create_node_group(self, cluster_id: str, name: str, flavor: str, count: int) -> None:
        """Request one more group of workers."""

    def resize_node_group(self, cluster_id: str, group_id: str, count: int) -> None:
        """Request another number of nodes."""

    def delete_node_group(self, cluster_id: str, group_id: str) -> None:
        """Request the deletion of a group; does nothing if there is none."""

    def ca_certificate(self, cluster_id: str) -> str:
        """The certificate of the cluster's CA, PEM."""

    def sign(self, cluster_id: str, request: str) -> str:
        """Have the cluster's CA sign a request; request and certificate are PEM."""

    def servers(self, prefix: str) -> Sequence[Server]:
        """Every server whose name starts with ``prefix``."""

    def set_metadata(self, server_id: str, values: Mapping[str, str]) -> None:
        """Set some keys of a server's metadata and leave the others."""

    def delete_metadata(self, server_id: str, key: str) -> None:
        """Remove one key of a server's metadata; does nothing if it is missing."""

    def volumes(self) -> Sequence[BlockVolume]:
        """Every volume of the project; empty without Cinder."""

    def shares(self) -> Sequence[Share]:
        """Every share of the project; empty without Manila."""
