"""The Nova servers of one cluster, found by the prefix of their names, as clients do."""

# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import eventlet
from magnum.api import utils as api_utils
from novaclient import exceptions as nova_exception

from testbed.openstack_bed.driver.cluster_files import Machine
from testbed.openstack_bed.driver.roster import Roster
from testbed.openstack_bed.offer import NETWORK

_AT_ONCE = 8


class Servers:
    """The servers of some stacks, read and changed with the rights of ``openstack``'s user."""

    def __init__(self, openstack: Any, stacks: Iterable[str]) -> None:
        self._openstack = openstack
        self._nova = openstack.nova()
        self._pattern = f"^({'|'.join(map(re.escape, sorted(stacks)))})-"
        self._flavor = cache(self._find_flavor)

    def all(self) -> list[Any]:
        """All servers that exist."""
        servers: list[Any] = self._nova.servers.list(search_opts={"name": self._pattern}, limit=-1)
        return servers

    def failures(self) -> str | None:
        """The servers in error and their reasons, in Heat's wording; None if there are none."""
        reasons = [
            f"ResourceInError: {one.name}: Went to status ERROR due to "
            f'"Message: {getattr(one, "fault", {}).get("message", "Unknown")}"'
            for one in sorted(self.all(), key=lambda one: one.name)
            if one.status == "ERROR"
        ]
        return "; ".join(reasons) or None

    def active(self) -> set[str] | None:
        """The names of all servers if all are ACTIVE; None while one is not."""
        found = self.all()
        return {one.name for one in found} if all(one.status == "ACTIVE" for one in found) else None

    def machines(self, nodegroups: Iterable[Any], roster: Roster) -> list[Machine]:
        """The nodes that these servers will be."""
        by_name = {one.name: one for one in self.all()}
        found = []
        for nodegroup in nodegroups:
            flavor = self._flavor(nodegroup.flavor_id)
            for name in roster.groups[nodegroup.uuid].names:
                found.append(
                    Machine(
                        name=name,
                        server=by_name[name].id,
                        role=nodegroup.role,
                        nodegroup=nodegroup.name,
                        flavor=flavor.name,
                        cpus=flavor.vcpus,
                        memory=flavor.ram,
                        disk=flavor.disk,
                        address=_address(by_name[name]) or "",
                    )
                )
        return found

    def bring_to(self, cluster: Any, roster: Roster) -> None:
        """Boots servers that only the roster has, and deletes servers that only Nova has."""
        have = {one.name: one for one in self.all()}
        for name in have.keys() - roster.names:
            _delete(have[name])
        boots = [
            (name, nodegroup)
            for nodegroup in cluster.nodegroups
            for name in roster.groups[nodegroup.uuid].names
            if name not in have
        ]
        if boots:
            network = self._network(cluster)
            pool = eventlet.GreenPool(_AT_ONCE)
            list(pool.imap(lambda boot: self._boot(boot[0], boot[1], cluster, network), boots))

    def delete_all(self) -> None:
        """Asks for the deletion of every server."""
        for server in self.all():
            _delete(server)

    def _boot(self, name: str, nodegroup: Any, cluster: Any, network: Any) -> None:
        image = api_utils.get_openstack_resource(
            self._openstack.glance().images, nodegroup.image_id, "images"
        )
        flavor = self._flavor(nodegroup.flavor_id)
        self._nova.servers.create(name, image["id"], flavor.id, key_name=cluster.keypair, nics=network)

    def _find_flavor(self, wanted: str) -> Any:
        return next(flavor for flavor in self._nova.flavors.list() if wanted in (flavor.id, flavor.name))

    def _network(self, cluster: Any) -> Any:
        wanted = cluster.fixed_network or NETWORK
        for network in self._openstack.neutron().list_networks()["networks"]:
            if wanted in (network["id"], network["name"]):
                return [{"net-id": network["id"]}]
        return "none"


def _delete(server: Any) -> None:
    try:
        server.delete()
    except nova_exception.NotFound:  # another delete is running already
        return


def _address(server: Any) -> str | None:
    return next((one["addr"] for addresses in server.addresses.values() for one in addresses), None)
