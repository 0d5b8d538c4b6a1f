"""Find the Cinder volumes and Manila shares of a project that a stack's cluster has made."""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterator, Set
from functools import cache

from panda_infra.clients.openstack.api import BlockVolume, OpenStack, Share

__all__ = ["claimed_in", "made_by", "shared_by", "state_of"]

# Metadata of the CSI drivers on each volume and share; that of the claim needs --extra-create-metadata, which Magnum
# sets.
_CLUSTER, _CLUSTER_OF_SHARE = "cinder.csi.openstack.org/cluster", "manila.csi.openstack.org/cluster"
_CLAIM = "csi.storage.k8s.io/pvc/name"
_NAMESPACE = "csi.storage.k8s.io/pvc/namespace"
_ANY_CLUSTER = "kubernetes"  # the cluster name in Magnum's own manifest, the same for every cluster


def made_by(
    clusters: Set[str], namespace: str, servers: Container[str], openstack: OpenStack
) -> Iterator[BlockVolume]:
    """The volumes of a stack's cluster.

    A volume of an unknown cluster, whose name is not unique or which is gone, is the stack's if its claim was in the
    stack's namespace and it is not attached to a server of others.

    Args:
        clusters: the cluster's name, and its ids in Magnum.
        namespace: of the stack.
        servers: the ids of the cluster's servers.
        openstack: lists all volumes, and finds clusters that volumes name by an id.
    """
    exists = cache(lambda named: openstack.cluster(named) is not None)
    for volume in openstack.volumes():
        named = volume.metadata.get(_CLUSTER)
        if named is None:
            continue
        if named in clusters or (
            volume.metadata.get(_NAMESPACE) == namespace
            and all(server in servers for server in volume.servers)
            and (named == _ANY_CLUSTER or (_is_id(named) and not exists(named)))
        ):
            yield volume


def shared_by(clusters: Set[str], namespace: str, openstack: OpenStack) -> Iterator[tuple[Share, bool]]:
    """The shares of a stack's cluster, and whether they surely belong to it.

    The driver names the cluster only if it is configured. A share without a unique cluster name is the stack's if its
    claim was in the stack's namespace; this is sure only if the project has no other cluster: unlike a volume, a share
    is not attached to a server.

    Args:
        clusters: the cluster's name, and its ids in Magnum.
        namespace: of the stack.
        openstack: lists all shares, finds clusters that shares name by an id, and counts the clusters.
    """
    exists = cache(lambda named: openstack.cluster(named) is not None)
    alone = cache(lambda: openstack.cluster_limits().used <= len([one for one in clusters if _is_id(one)]))
    for share in openstack.shares():
        named = share.metadata.get(_CLUSTER_OF_SHARE, _ANY_CLUSTER)
        if named in clusters:
            yield share, True
        elif share.metadata.get(_NAMESPACE) == namespace:
            if named == _ANY_CLUSTER:
                yield share, alone()
            elif _is_id(named) and not exists(named):
                yield share, True


def claimed_in(stored: BlockVolume | Share) -> str | None:
    """The namespace of the claim of a volume or share; None if its metadata does not name it."""
    return stored.metadata.get(_NAMESPACE)


def state_of(stored: BlockVolume | Share) -> str:
    """The status and size of a volume or share, and its claim and cluster by its metadata."""
    claim = "/".join(filter(None, (stored.metadata.get(key) for key in (_NAMESPACE, _CLAIM))))
    of = f", of claim {claim}" if claim else ""
    cluster = stored.metadata.get(_CLUSTER) or stored.metadata.get(_CLUSTER_OF_SHARE)
    by = f"made by cluster {cluster}" if cluster else "its metadata does not name the cluster"
    return f"{stored.status}, {stored.size} GiB{of}, {by}"


def _is_id(named: str) -> bool:
    try:
        return str(uuid.UUID(named)) == named
    except ValueError:
        return False
