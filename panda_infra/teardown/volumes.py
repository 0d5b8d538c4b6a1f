"""Which of a project's Cinder volumes a stack's cluster has made."""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterator, Set
from functools import cache

from panda_infra.provider.openstack_api import BlockVolume, OpenStack

__all__ = ["claimed_in", "made_by", "state_of"]

# What the Cinder CSI driver writes on each volume that it makes, the claim's where it is started with
# --extra-create-metadata, as Magnum starts it.
_CLUSTER = "cinder.csi.openstack.org/cluster"
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


def claimed_in(volume: BlockVolume) -> str | None:
    """The namespace of a volume's claim, where the volume says so."""
    return volume.metadata.get(_NAMESPACE)


def state_of(volume: BlockVolume) -> str:
    """How a volume is there, and of which claim and cluster it says to be."""
    claim = "/".join(filter(None, (volume.metadata.get(key) for key in (_NAMESPACE, _CLAIM))))
    of = f", of claim {claim}" if claim else ""
    return f"{volume.status}, {volume.size} GiB{of}, made by cluster {volume.metadata[_CLUSTER]}"


def _is_id(told: str) -> bool:
    try:
        return str(uuid.UUID(told)) == told
    except ValueError:
        return False
