from __future__ import annotations

import pytest

from panda_infra.clients.openstack.api import Server
from panda_infra.provider.membership import own_servers, server_prefix

RANDOM = "abcdefghij12"


def server(name: str) -> Server:
    return Server(name, name, "ACTIVE")


@pytest.mark.parametrize(
    "cluster", ["panda-doma-k8s", "PanDA_production.doma-k8s-2", "panda-master-k8s", "node-master"]
)
def test_the_servers_of_added_groups_are_its_own_too(cluster: str) -> None:
    kept = cluster.lower().replace("_", "-").replace(".", "-")
    own = [
        server(f"{kept}-{RANDOM}-master-0"),
        server(f"{kept}-{RANDOM}-node-12"),
        server(f"{kept[:20]}-big-memor-{RANDOM}-node-0"),
    ]
    foreign = [
        server(f"{kept}-2-{RANDOM}-node-0"),
        server(f"{kept[:20]}-other-{RANDOM}-node-0"),
        server(f"{kept}-{RANDOM}-node-0-volume"),
    ]
    assert own_servers(cluster, ["big-memory"], [*foreign, *own]) == own
    assert all(found.name.startswith(server_prefix(cluster)) for found in own)
