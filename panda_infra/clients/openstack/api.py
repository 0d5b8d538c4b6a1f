"""What this program asks of OpenStack: plain data and one protocol, so that its logic needs no cloud to be tested."""

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

    ``status`` is HTTP's, 0 when there was no answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def ambiguous(self) -> bool:
        """Whether the request may have been carried out in spite of the error."""
        return self.status == 0 or self.status >= 500  # noqa: PLR2004 - HTTP's server errors


class OpenStackUnreachableError(OpenStackError, NoAnswerError):
    """Nobody answers at the address of a service."""


class OpenStackNotAllowedError(OpenStackError, NotAllowedError):
    """Keystone refuses the log-in, or a service what is asked with it; or there is no log-in to be had."""


class OpenStackNotFoundError(OpenStackError, NotFoundError):
    """A service says that there is no such thing."""


@dataclass(frozen=True)
class ClusterSpec:
    """What Magnum is asked to make; ``template`` is an id, flavors and keypair are names."""

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
    """A Magnum cluster as Magnum tells it.

    ``labels`` are the effective ones, the template's included; ``added_labels`` those given beside the template.
    ``faults`` maps what failed to Heat's reason. ``updated`` changes with everything that Magnum records.
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
        """Whether the last thing that Magnum was asked for is done."""
        return self.status.endswith("_COMPLETE")

    @property
    def failed(self) -> bool:
        """Whether Magnum has given up on the last thing that it was asked for."""
        return self.status.endswith("_FAILED")

    def why(self) -> str:
        """Magnum's own reason for the status."""
        told = [
            text for text in (self.reason, *(f"{what}: {why}" for what, why in self.faults.items())) if text
        ]
        return "; ".join(told) or "Magnum gives no reason"


@dataclass(frozen=True)
class NodeGroupInfo:
    """A node group; ``default`` ones come with the cluster."""

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
    """A Cinder volume with all its metadata; ``size`` in GiB, ``servers`` the ids of those that it is attached to."""

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
    """How much of one thing a project may have and has; ``maximum`` is None where there is no limit."""

    maximum: int | None
    used: int


class OpenStack(Protocol):
    """The calls that this program makes; each may raise `OpenStackError`, listings are one call each."""

    def application_credential(self) -> bool:
        """Whether the credentials in use are an application credential."""

    def template(self, name: str) -> str | None:
        """Id of a cluster template by its name or id."""

    def template_name(self, template_id: str) -> str:
        """Name of a cluster template."""

    def balances_masters(self, template_id: str) -> bool:
        """Whether clusters of a template get a load balancer, without which Magnum makes but one master."""

    def flavor(self, name: str) -> Flavor | None:
        """A flavor by its name or id."""

    def keypair(self, name: str) -> str | None:
        """The public key, comment included, of the user's keypair of that name; None when there is none."""

    def limits(self) -> Mapping[str, Limits]:
        """The project's limits on ``instances``, ``cores`` and ``ram`` (MiB).

        ``volumes`` are among them where there is Cinder, ``shares`` and ``share storage`` (GiB) where there is Manila.
        """

    def cluster_limits(self) -> Limits:
        """The project's limit on Magnum clusters."""

    def cluster(self, cluster_id: str) -> ClusterInfo | None:
        """A cluster by its id; None when Magnum knows none."""

    def clusters_named(self, name: str) -> Sequence[ClusterInfo]:
        """Every cluster of that name: Magnum allows several."""

    def create_cluster(self, spec: ClusterSpec) -> str:
        """Ask for a cluster; returns its id, which Magnum may not know for a moment. Never retried blindly."""

    def upgrade_cluster(self, cluster_id: str, template: str) -> None:
        """Move a cluster to another template (id)."""

    def delete_cluster(self, cluster_id: str) -> None:
        """Ask for the end of a cluster; nothing happens when there is none."""

    def node_groups(self, cluster_id: str) -> Sequence[NodeGroupInfo]:
        """All node groups of a cluster, masters too."""

    def create_node_group(self, cluster_id: str, name: str, flavor: str, count: int) -> None:
        """Ask for one more group of workers."""

    def resize_node_group(self, cluster_id: str, group_id: str, count: int) -> None:
        """Ask for another number of nodes."""

    def delete_node_group(self, cluster_id: str, group_id: str) -> None:
        """Ask for the end of a group; nothing happens when there is none."""

    def ca_certificate(self, cluster_id: str) -> str:
        """The certificate of the cluster's CA, PEM."""

    def sign(self, cluster_id: str, request: str) -> str:
        """A certificate for a signing request, both PEM, from the cluster's CA."""

    def servers(self, prefix: str) -> Sequence[Server]:
        """Every server whose name starts with ``prefix``."""

    def set_metadata(self, server_id: str, values: Mapping[str, str]) -> None:
        """Set some of a server's metadata, leave the rest."""

    def delete_metadata(self, server_id: str, key: str) -> None:
        """Remove one key of a server's metadata; nothing happens when there is none."""

    def volumes(self) -> Sequence[BlockVolume]:
        """Every volume of the project; none where there is no Cinder."""

    def shares(self) -> Sequence[Share]:
        """Every share of the project; none where there is no Manila."""
