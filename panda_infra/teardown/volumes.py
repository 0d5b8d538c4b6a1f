"""Which of a project's Cinder volumes and Manila shares a stack's cluster has made."""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterator, Set
from functools import cache

from panda_infra.clients.openstack.api import BlockVolume, OpenStack, Share

__all__ = ["claimed_in", "made_by", "shared_by", "state_of"]

# What the CSI drivers write on each volume or share that they make, the claim's where they are started with
# --extra-create-metadata, as Magnum starts them.
_CLUSTER, _CLUSTER_OF_SHARE = "cinder.csi.openstack.org/cluster", "manila.csi.openstack.org/cluster"
_CLAIM = "csi.storage.k8s.io/pvc/name"
_NAMESPACE = "csi.storage.k8s.io/pvc/namespace"
_ANY_CLUSTER = (
    "kubernetes"  # what every cluster calls itself there if it is started from Magnum's own manifest
)


def made_by(
    clusters: Set[str], namespace: str, servers: Container[str], openstack: OpenStack
) -> Iterator[BlockVolume]:
    """The volumes of a stack's cluster.

    A volume whose cluster cannot be told any more, as it calls itself like every other or is gone, is the stack's if
    its claim was in the stack's namespace and it is attached to no server of others.

    Args:
        clusters: the cluster's name, and the ids that Magnum has under it.
        namespace: of the stack.
        servers: the ids of the cluster's servers.
        openstack: is asked for all volumes, and for clusters that volumes name by an id.
    """
    exists = cache(lambda told: openstack.cluster(told) is not None)
    for volume in openstack.volumes():
        told = volume.metadata.get(_CLUSTER)
        if told is None:
            continue
        if told in clusters or (
            volume.metadata.get(_NAMESPACE) == namespace
            and all(server in servers for server in volume.servers)
            and (told == _ANY_CLUSTER or (_is_id(told) and not exists(told)))
        ):
            yield volume


def shared_by(clusters: Set[str], namespace: str, openstack: OpenStack) -> Iterator[tuple[Share, bool]]:
    """The shares of a stack's cluster, and whether they are surely its.

    The driver names the cluster only where it is told to. A share that names none, or like every other, is the stack's
    if its claim was in the stack's namespace, for sure only if the project has no cluster but the stack's: unlike a
    volume, it is attached to nothing that would tell more.

    Args:
        clusters: the cluster's name, and the ids that Magnum has under it.
        namespace: of the stack.
        openstack: is asked for all shares, for clusters that shares name by an id, and for the number of clusters.
    """
    exists = cache(lambda told: openstack.cluster(told) is not None)
    alone = cache(lambda: openstack.cluster_limits().used <= len([one for one in clusters if _is_id(one)]))
    for share in openstack.shares():
        told = share.metadata.get(_CLUSTER_OF_SHARE, _ANY_CLUSTER)
        if told in clusters:
            yield share, True
        elif share.metadata.get(_NAMESPACE) == namespace:
            if told == _ANY_CLUSTER:
                yield share, alone()
            elif _is_id(told) and not exists(told):
                yield share, True


def claimed_in(stored: BlockVolume | Share) -> str | None:
    """The namespace of the claim of a volume or share, where it says so."""
    return stored.metadata.get(_NAMESPACE)


def state_of(stored: BlockVolume | Share) -> str:
    """How a volume or share is there, and of which claim and cluster it says to be."""
    claim = "/".join(filter(None, (stored.metadata.get(key) for key in (_NAMESPACE, _CLAIM))))
    of = f", of claim {claim}" if claim else ""
    cluster = stored.metadata.get(_CLUSTER) or stored.metadata.get(_CLUSTER_OF_SHARE)
    by = f"made by cluster {cluster}" if cluster else "it does not say of which cluster"
    return f"{stored.status}, {stored.size} GiB{of}, {by}"


def _is_id(told: str) -> bool:
    try:
        return str(uuid.UUID(told)) == told
    except ValueError:
        return False
