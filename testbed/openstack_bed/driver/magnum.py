"""Magnum's driver of clusters: one Nova server per node, a real control plane, no Heat.

A client sees the same as with Magnum's own driver: the names of stack and servers, the statuses and when they
change, the reasons of failures, and an API server that trusts the authority that Magnum made.
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import eventlet
from eventlet.semaphore import Semaphore
from heatclient import exc as heat
from magnum import objects
from magnum.common import clients, exception
from magnum.common import context as contexts
from magnum.drivers.common import driver
from magnum.objects import fields

from testbed.openstack_bed.driver import control_plane
from testbed.openstack_bed.driver.cluster_files import ClusterFiles, Endpoint, Machine
from testbed.openstack_bed.driver.roster import Group, Roster, server_prefix, stack_name
from testbed.openstack_bed.driver.servers import Servers
from testbed.openstack_bed.faults import FaultFile, Faults
from testbed.openstack_bed.settings import current

_Status = fields.ClusterStatus


class Driver(driver.Driver):
    """Clusters of the kind that CERN's templates describe."""

    # Shared by the process, because Magnum makes a driver for every request.
    _under_way: ClassVar[set[str]] = set()
    # By cluster: the second of two simultaneous requests would boot the first one's servers again.
    _scaling: ClassVar[defaultdict[str, Semaphore]] = defaultdict(Semaphore)

    provides = [{"server_type": "vm", "os": "fedora-coreos", "coe": "kubernetes"}]  # noqa: RUF012 (Magnum's)

    def create_cluster(self, context: Any, cluster: Any, _create_timeout: int) -> None:
        """Boots the servers and begins to start the control plane."""
        cluster.stack_id = str(uuid.uuid4())
        control_plane.write_certificates(_files(cluster), context, cluster)
        control_plane.begin("start", _files(cluster))
        Roster(stack_name(cluster.name), time.time()).save(_roster_path(cluster))
        self._scale(context, cluster)

    def update_cluster(self, context: Any, cluster: Any, *_options: Any) -> None:
        """Scales the default workers."""
        eventlet.sleep(_faults().heat_seconds)
        self._scale(context, cluster)

    def resize_cluster(
        self,
        context: Any,
        cluster: Any,
        _manager: Any,
        _node_count: int,  # is in the node group already
        nodes_to_remove: list[str] | None,
        *_options: Any,
    ) -> None:
        """Scales, and replaces or removes the servers ``nodes_to_remove`` (UUIDs or names)."""
        eventlet.sleep(_faults().heat_seconds)
        self._scale(context, cluster, gone=nodes_to_remove or ())

    def delete_cluster(self, context: Any, cluster: Any) -> None:
        """Deletes the servers and begins to stop the control plane."""
        eventlet.sleep(_faults().heat_seconds)
        if not _roster_path(cluster).exists():
            raise heat.HTTPNotFound  # as for a stack that was never made, so that Magnum deletes the cluster at once
        Servers(clients.OpenStackClients(context), _roster(cluster).stacks).delete_all()
        for nodegroup in cluster.nodegroups:
            nodegroup.status = _Status.DELETE_IN_PROGRESS
            nodegroup.save()
        control_plane.begin("stop", _files(cluster))

    def create_nodegroup(self, context: Any, cluster: Any, nodegroup: Any) -> None:
        """Boots the servers of a further node group."""
        nodegroup.stack_id = str(uuid.uuid4())
        self._scale(context, cluster)

    def update_nodegroup(self, _context: Any, _cluster: Any, nodegroup: Any) -> None:
        """Saves new bounds of the node count."""
        nodegroup.save()

    def delete_nodegroup(self, context: Any, cluster: Any, nodegroup: Any) -> None:
        """Deletes the servers of a node group; its row is deleted when they are gone."""
        nodegroup.save()
        self._scale(context, cluster)

    def rotate_ca_certificate(self, context: Any, cluster: Any) -> None:
        """Makes the control plane trust and use only the new authority that Magnum has just made."""
        files = _files(cluster)
        files.forget_endpoint()
        control_plane.write_certificates(files, context, cluster)
        control_plane.begin("trust", files)

    def upgrade_cluster(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuses, like this release's own driver."""
        raise exception.NotSupported(operation="Upgrading a cluster of the test bed")

    def create_federation(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Not implemented, like in Magnum's own driver."""
        raise NotImplementedError

    update_federation = delete_federation = create_federation

    def update_cluster_status(self, context: Any, cluster: Any, use_admin_ctx: bool = False) -> None:
        """Updates a status; Magnum calls this every second for each cluster whose status ends in _IN_PROGRESS."""
        # Magnum also calls it while an earlier call is still running, and with an outdated cluster.
        if cluster.uuid in self._under_way or cluster.stack_id is None or not _is_fresh(cluster):
            return
        self._under_way.add(cluster.uuid)
        try:
            self._follow(context if use_admin_ctx else contexts.make_cluster_context(cluster), cluster)
        finally:
            self._under_way.discard(cluster.uuid)

    def _follow(self, owner: Any, cluster: Any) -> None:
        """Updates the cluster's status from its servers and its control plane."""
        roster = _roster(cluster)
        servers = Servers(clients.OpenStackClients(owner), roster.stacks)
        action = cluster.status.removesuffix("_IN_PROGRESS")
        if reason := _files(cluster).failure():
            _finish(cluster, f"{action}_FAILED", reason)
        elif action == "DELETE":
            if not servers.all() and not _files(cluster).folder.exists():
                _roster_path(cluster).unlink()
                cluster.status = _Status.DELETE_COMPLETE
        elif time.time() >= roster.since + _least_seconds(action):
            self._conclude(cluster, action, roster, servers)

    def _conclude(self, cluster: Any, action: str, roster: Roster, servers: Servers) -> None:
        """Completes or fails a create or an update when all its servers are active or in error."""
        files, faults = _files(cluster), _faults()
        if action == "CREATE" and faults.create_failed is not None:
            _finish(cluster, "CREATE_FAILED", faults.create_failed)
            return
        if failures := servers.failures():
            _finish(cluster, f"{action}_FAILED", failures)
            return
        endpoint = files.endpoint()
        if endpoint is None or not _is_current(roster, cluster) or servers.active() != roster.names:
            return
        machines = servers.machines(cluster.nodegroups, roster)
        if faults.join_seconds:
            files.write_machines(machines)
            eventlet.spawn_after(faults.join_seconds, control_plane.begin, "join", files)
        elif not _have_joined(files, machines):
            return
        if not _is_fresh(cluster) or not _is_current(roster, cluster):
            return  # another request has changed the servers meanwhile
        for nodegroup in cluster.nodegroups:
            group = roster.groups[nodegroup.uuid]
            nodegroup.node_addresses = [one.address for one in machines if one.name in group.names]
            nodegroup.save()
        if action == "CREATE" and faults.address_seconds:
            eventlet.spawn_after(faults.address_seconds, _tell_address, cluster, endpoint)
        else:
            cluster.api_address, cluster.coe_version = endpoint.url, endpoint.version
        _finish(cluster, f"{action}_COMPLETE", None)

    def _scale(self, context: Any, cluster: Any, gone: Collection[str] = ()) -> None:
        """Makes the servers match the node groups; ``gone`` are UUIDs or names of servers to remove."""
        with self._scaling[cluster.uuid]:
            roster = _roster(cluster)
            openstack = clients.OpenStackClients(context)
            before = Servers(openstack, roster.stacks).all()
            left = {one.name for one in before if one.id in gone or one.name in gone}
            groups = {}
            for nodegroup in cluster.nodegroups:
                stack = roster.stack if nodegroup.is_default else stack_name(cluster.name, nodegroup.name)
                group = roster.groups.get(nodegroup.uuid) or Group(server_prefix(stack, nodegroup.role))
                groups[nodegroup.uuid] = group.resized(_size(nodegroup), left)
            wanted = Roster(roster.stack, time.time(), groups)
            wanted.save(_roster_path(cluster))
            Servers(openstack, wanted.stacks).bring_to(cluster, wanted)


def _tell_address(cluster: Any, endpoint: Endpoint) -> None:
    cluster.api_address, cluster.coe_version = endpoint.url, endpoint.version
    cluster.save()


def _finish(cluster: Any, status: str, reason: str | None) -> None:
    for nodegroup in cluster.nodegroups:
        if nodegroup.status == _Status.DELETE_IN_PROGRESS:
            nodegroup.destroy()
            continue
        nodegroup.status, nodegroup.status_reason = status, reason
        nodegroup.save()
    cluster.status, cluster.status_reason = status, reason
    cluster.save()


def _size(nodegroup: Any) -> int:
    """The number of servers that a node group should have."""
    return 0 if nodegroup.status == _Status.DELETE_IN_PROGRESS else int(nodegroup.node_count)


def _is_fresh(cluster: Any) -> bool:
    """Return whether the cluster's status in the data base is still the same."""
    try:
        now = objects.Cluster.get_by_uuid(contexts.make_admin_context(all_tenants=True), cluster.uuid)
    except exception.ClusterNotFound:
        return False
    return bool(now.status == cluster.status)


def _is_current(roster: Roster, cluster: Any) -> bool:
    """Return whether the roster matches the node groups: Magnum changes them before it requests the change."""
    sizes = {nodegroup.uuid: _size(nodegroup) for nodegroup in cluster.nodegroups}
    return roster == _roster(cluster) and sizes == {
        uuid: len(group.names) for uuid, group in roster.groups.items()
    }


def _have_joined(files: ClusterFiles, machines: list[Machine]) -> bool:
    """Return whether the machines are the cluster's nodes; makes them join if that has not begun."""
    if files.machines() != machines:
        files.write_machines(machines)
        control_plane.begin("join", files)
    return files.nodes() == {machine.name for machine in machines}


def _faults() -> Faults:
    return FaultFile(current().folder).read()


def _least_seconds(action: str) -> float:
    return _faults().create_seconds if action == "CREATE" else _faults().scale_seconds


def _files(cluster: Any) -> ClusterFiles:
    return ClusterFiles(current().clusters / cluster.uuid)


def _roster_path(cluster: Any) -> Path:
    return current().clusters / f"{cluster.uuid}.json"


def _roster(cluster: Any) -> Roster:
    return Roster.load(_roster_path(cluster))
