"""A cloud in memory, at the seams where the provider meets OpenStack and Kubernetes."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typing_extensions import override

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.nodes import Node
from panda_infra.clients.openstack.api import (
    BlockVolume,
    ClusterInfo,
    ClusterSpec,
    Flavor,
    Limits,
    NodeGroupInfo,
    OpenStack,
    OpenStackError,
    OpenStackNotFoundError,
    Server,
    Share,
)
from panda_infra.provider.kube_api import Kubernetes, Volume

RANDOM = "abcdefghij12"  # what Magnum adds to the names of servers


@cache
def authority(generation: int) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"ca-{generation}")])
    return key, certificate(name, name, key.public_key(), key, timedelta(days=3650))


def certificate(
    subject: x509.Name, issuer: x509.Name, public: object, key: ec.EllipticCurvePrivateKey, life: timedelta
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + life)
        .sign(key, hashes.SHA256())
    )


@dataclass
class World:
    """What exists, what goes wrong, and what was called."""

    clusters: dict[str, ClusterInfo] = field(default_factory=dict)
    groups: dict[str, list[NodeGroupInfo]] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    volumes: list[list[Volume]] = field(
        default_factory=list
    )  # one listing after the other; the last one stays
    keypairs: dict[str, str] = field(default_factory=lambda: {"lxplus": "ssh-rsa AAAA"})
    block_volumes: dict[str, BlockVolume] = field(default_factory=dict)
    shares: dict[str, Share] = field(default_factory=dict)
    shared_files: dict[str, Limits] = field(default_factory=dict)  # Manila's, where there is one
    config_maps: set[str] = field(default_factory=set)
    images: dict[str, list[str]] = field(default_factory=dict)
    controllers: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    certificate_life: timedelta = timedelta(days=1825)
    authority_generation: int = 0
    row_delay: int = 0  # look-ups that Magnum answers with 404 after it has accepted a cluster
    polls: int = 2  # look-ups until Magnum has done what it was asked for
    failure: str = ""  # Magnum's reason to end the next work with _FAILED
    create_errors: list[tuple[OpenStackError, bool]] = field(default_factory=list)  # and whether it was done
    broken_server: str = ""  # a name part: such a server ends in ERROR
    vanish: int = 0  # the write of metadata, counted from 1, before which its server is deleted
    silent_polls: int = 0  # listings of nodes that the Kubernetes API does not answer
    admin: bool = False
    hidden: dict[str, int] = field(default_factory=dict)
    pending: dict[str, tuple[str, int]] = field(default_factory=dict)
    serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def node(self, name: str, **changes: object) -> None:
        self.nodes[name] = replace(self.nodes[name], **changes)  # type: ignore[arg-type]

    def remove_node(self, name: str) -> None:
        server = self.nodes.pop(name).server
        self.servers.pop(server, None)

    def add_node(self, name: str, *, ready: bool = True) -> None:
        server = f"server-{next(self.serial)}"
        status = "ERROR" if self.broken_server and self.broken_server in name else "ACTIVE"
        self.servers[server] = Server(
            server, name, status, fault="No valid host" if status == "ERROR" else ""
        )
        if status == "ACTIVE":
            self.nodes[name] = Node(name, ready, "-master-" in name, {"zone": "a"}, server=server)

    def settle(self, cluster_id: str) -> None:
        """Bring servers and nodes in line with the node groups."""
        cluster = self.clusters[cluster_id].name.lower()
        wanted = {
            f"{cluster if group.default else f'{cluster[:20]}-{group.name[:9]}'}-{RANDOM}"
            f"-{'master' if group.role == 'master' else 'node'}-{i}"
            for group in self.groups[cluster_id]
            for i in range(group.node_count)
        }
        for name in {server.name for server in self.servers.values()} - wanted:
            if name in self.nodes:
                self.remove_node(name)
        for name in sorted(wanted - {server.name for server in self.servers.values()}):
            self.add_node(name)


class FakeOpenStack(OpenStack):
    def __init__(self, world: World) -> None:
        self.world = world
        self.credential = False

    @override
    def application_credential(self) -> bool:
        return self.credential

    @override
    def template(self, name: str) -> str | None:
        return f"id-of-{name}" if name.startswith("kubernetes-") else None

    @override
    def template_name(self, template_id: str) -> str:
        return template_id.removeprefix("id-of-")

    @override
    def balances_masters(self, template_id: str) -> bool:
        return template_id.endswith("-multi")

    @override
    def flavor(self, name: str) -> Flavor | None:
        return Flavor(f"id-of-{name}", name, 8, 15000) if name.startswith("m2.") else None

    @override
    def keypair(self, name: str) -> str | None:
        return self.world.keypairs.get(name)

    @override
    def limits(self) -> Mapping[str, Limits]:
        return {
            "instances": Limits(10, 0),
            "cores": Limits(100, 20),
            "ram": Limits(200_000, 0),
            "volumes": Limits(None, 3),
            **self.world.shared_files,
        }

    @override
    def cluster_limits(self) -> Limits:
        return Limits(2, len(self.world.clusters))

    @override
    def cluster(self, cluster_id: str) -> ClusterInfo | None:
        self.world.calls["cluster"] += 1
        found = next((c for c in self.world.clusters.values() if cluster_id in (c.id, c.name)), None)
        if found is None:
            return None
        if self.world.pending.get(found.id) == ("DELETE", 1):
            msg = "HTTP 400: Invalid input for field/attribute master_count. Value: '0'."
            self.world.pending[found.id] = ("DELETE", 0)
            raise OpenStackError(msg, 400)
        if self.world.hidden.get(found.id, 0) > 0:
            self.world.hidden[found.id] -= 1
            return None
        return self._advance(found)

    def _advance(self, found: ClusterInfo) -> ClusterInfo | None:
        world = self.world
        work, left = world.pending.get(found.id, ("", 0))
        if not work:
            return found
        if left > 0:
            world.pending[found.id] = (work, left - 1)
            return found
        del world.pending[found.id]
        if work == "DELETE" and not world.failure:
            for name in list(world.nodes):
                world.remove_node(name)
            world.groups.pop(found.id)
            world.clusters.pop(found.id)
            world.servers.clear()
            return None
        if world.failure:
            status, reason, address = f"{work}_FAILED", world.failure, found.api_address
        else:
            status, reason, address = f"{work}_COMPLETE", "", "https://127.0.0.1:6443"
        self._set(found.id, status=status, reason=reason, api_address=address)
        world.groups[found.id] = [replace(group, status=status) for group in world.groups[found.id]]
        if not world.failure:
            world.settle(found.id)
        return world.clusters[found.id]

    def _set(self, cluster_id: str, **changes: str) -> None:
        now = f"t{next(self.world.serial)}"
        self.world.clusters[cluster_id] = replace(self.world.clusters[cluster_id], updated=now, **changes)  # type: ignore[arg-type]

    def _begin(self, cluster_id: str, work: str) -> None:
        self._set(cluster_id, status=f"{work}_IN_PROGRESS")
        self.world.pending[cluster_id] = (work, self.world.polls)

    @override
    def clusters_named(self, name: str) -> Sequence[ClusterInfo]:
        return [cluster for cluster in self.world.clusters.values() if cluster.name == name]

    @override
    def create_cluster(self, spec: ClusterSpec) -> str:
        self.world.calls["create_cluster"] += 1
        error, done = self.world.create_errors.pop(0) if self.world.create_errors else (None, True)
        if error is not None and not done:
            raise error
        cluster_id = f"uuid-{next(self.world.serial)}"
        self.world.clusters[cluster_id] = ClusterInfo(
            id=cluster_id,
            name=spec.name,
            status="",
            template=spec.template,
            keypair=spec.keypair,
            flavor=spec.flavor,
            master_flavor=spec.master_flavor,
            master_count=spec.master_count,
            labels={"kube_tag": "v1.29.2", **spec.labels},
            added_labels=spec.labels,
        )
        self.world.groups[cluster_id] = [
            NodeGroupInfo(
                "ng-m", "default-master", "master", spec.master_flavor, spec.master_count, "", default=True
            ),
            NodeGroupInfo("ng-w", "default-worker", "worker", spec.flavor, spec.node_count, "", default=True),
        ]
        self.world.hidden[cluster_id] = self.world.row_delay
        self._begin(cluster_id, "CREATE")
        if error is not None:
            raise error
        return cluster_id

    @override
    def upgrade_cluster(self, cluster_id: str, template: str) -> None:
        self._set(cluster_id, template=template)
        self._begin(cluster_id, "UPDATE")

    @override
    def delete_cluster(self, cluster_id: str) -> None:
        self.world.calls["delete_cluster"] += 1
        self.world.pending[cluster_id] = ("DELETE", self.world.polls)  # the old status stays for a moment

    @override
    def node_groups(self, cluster_id: str) -> Sequence[NodeGroupInfo]:
        return list(self.world.groups[cluster_id])

    @override
    def create_node_group(self, cluster_id: str, name: str, flavor: str, count: int) -> None:
        self.world.groups[cluster_id].append(NodeGroupInfo(f"ng-{name}", name, "worker", flavor, count, ""))
        self._begin(cluster_id, "UPDATE")

    @override
    def resize_node_group(self, cluster_id: str, group_id: str, count: int) -> None:
        self.world.calls["resize"] += 1
        # The cluster's status stays that of the last work until Magnum begins, as it does with a slow Heat.
        self.world.groups[cluster_id] = [
            replace(group, node_count=count, status="UPDATE_IN_PROGRESS") if group.id == group_id else group
            for group in self.world.groups[cluster_id]
        ]
        self.world.pending[cluster_id] = ("UPDATE", self.world.polls)

    @override
    def delete_node_group(self, cluster_id: str, group_id: str) -> None:
        self.world.groups[cluster_id] = [g for g in self.world.groups[cluster_id] if g.id != group_id]
        self._begin(cluster_id, "UPDATE")

    @override
    def ca_certificate(self, cluster_id: str) -> str:
        _, found = authority(self.world.authority_generation)
        return found.public_bytes(serialization.Encoding.PEM).decode()

    @override
    def sign(self, cluster_id: str, request: str) -> str:
        self.world.calls["sign"] += 1
        key, issuer = authority(self.world.authority_generation)
        csr = x509.load_pem_x509_csr(request.encode())
        made = certificate(csr.subject, issuer.subject, csr.public_key(), key, self.world.certificate_life)
        return made.public_bytes(serialization.Encoding.PEM).decode()

    @override
    def servers(self, prefix: str) -> Sequence[Server]:
        self.world.calls["servers"] += 1
        return [server for server in self.world.servers.values() if re.match(re.escape(prefix), server.name)]

    @override
    def set_metadata(self, server_id: str, values: Mapping[str, str]) -> None:
        self.world.calls["set_metadata"] += 1
        if self.world.calls["set_metadata"] == self.world.vanish:
            self.world.remove_node(self.world.servers[server_id].name)
        if server_id not in self.world.servers:
            msg = f"POST /servers/{server_id}/metadata: HTTP 404: Instance could not be found."
            raise OpenStackNotFoundError(msg, 404)
        server = self._changeable(server_id)
        assert all(len(value) <= 255 for value in values.values())
        self.world.servers[server_id] = replace(server, metadata={**server.metadata, **values})

    @override
    def delete_metadata(self, server_id: str, key: str) -> None:
        self.world.calls["delete_metadata"] += 1
        server = self._changeable(server_id)
        kept = {name: value for name, value in server.metadata.items() if name != key}
        self.world.servers[server_id] = replace(server, metadata=kept)

    def _changeable(self, server_id: str) -> Server:
        server = self.world.servers[server_id]
        if server.status == "ERROR":
            msg = f"Cannot 'update_instance_metadata' instance {server_id} while it is in vm_state error"
            raise OpenStackError(msg, 409)
        return server

    @override
    def volumes(self) -> Sequence[BlockVolume]:
        return list(self.world.block_volumes.values())

    @override
    def shares(self) -> Sequence[Share]:
        return list(self.world.shares.values())


class FakeKubernetes(Kubernetes):
    def __init__(self, world: World) -> None:
        self.world = world

    @override
    def nodes(self) -> Sequence[Node]:
        self.world.calls["nodes"] += 1
        if self.world.silent_polls > 0:
            self.world.silent_polls -= 1
            msg = "GET /api/v1/nodes: connection refused"
            raise KubernetesError(msg)
        return list(self.world.nodes.values())

    @override
    def label_node(
        self, name: str, labels: Mapping[str, str | None], annotations: Mapping[str, str | None]
    ) -> None:
        self.world.calls["label_node"] += 1
        node = self.world.nodes.get(name)
        if node is not None:
            self.world.node(
                name,
                labels=_merged(node.labels, labels),
                annotations=_merged(node.annotations, annotations),
            )

    @override
    def config_map_exists(self, namespace: str, name: str) -> bool:
        return f"{namespace}/{name}" in self.world.config_maps

    @override
    def deployments_named(self, name: str) -> Sequence[str]:
        return self.world.controllers if name == "landb-alias-controller" else []

    @override
    def images(self, namespace: str, name: str) -> Sequence[str]:
        return self.world.images.get(f"{namespace}/{name}", [])

    @override
    def volumes(self) -> Sequence[Volume]:
        listings = self.world.volumes or [[]]
        return listings.pop(0) if len(listings) > 1 else listings[0]

    @override
    def admin_token(self, seconds: int) -> tuple[str, datetime]:
        self.world.admin = True
        self.world.calls["admin_token"] += 1
        return f"token-{self.world.calls['admin_token']}", datetime.now(UTC) + timedelta(seconds=seconds)

    @override
    def revoke_admin(self) -> None:
        self.world.admin = False


def _merged(old: Mapping[str, str], new: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in {**old, **new}.items() if value is not None}
