"""The place of a rehearsed stack: the bed's own cluster, or one that the stack makes in a cloud on the bed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from panda_infra.config.cluster import MagnumCluster
from panda_infra.plan.flavors import FLAVORS
from panda_infra.plan.model import Plan
from testbed import leftovers, prerequisites
from testbed.bed import Bed
from testbed.openstack_bed import bed as clouds
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.clouds_yaml import ADMINISTRATOR
from testbed.openstack_bed.cluster import NAME as CONTROL_PLANE

__all__ = ["Place", "place"]

_DISK = 80  # GiB of a flavor that the cloud does not offer by default


@dataclass(frozen=True)
class Place:
    """A small site.

    ``cluster`` is the stack file's section for it, ``environment`` the variables that the program needs to reach it.
    ``kubernetes`` returns a bed with access to the stack's cluster after it is up, ``inventory`` the names of all
    objects that a stack could leave behind. ``made`` is like ``kubernetes`` at any time, None as long as there is no
    such cluster.
    """

    cluster: Mapping[str, Any]
    kubernetes: Callable[[], Bed]
    inventory: Callable[[], frozenset[str]]
    made: Callable[[], Bed | None]
    environment: Mapping[str, str] = field(default_factory=dict)


def place(bed: Bed, plan: Plan) -> AbstractContextManager[Place]:
    """The place for a stack's kind of cluster, with everything that its site has."""
    cluster = plan.config.cluster
    return _in_cloud(bed, cluster) if isinstance(cluster, MagnumCluster) else _on_bed(bed, plan)


@contextmanager
def _on_bed(bed: Bed, plan: Plan) -> Iterator[Place]:
    section = {"kind": "existing", "kubeconfig": str(bed.kubeconfig), "noRoot": plan.config.is_rootless}
    with prerequisites.provided(bed, plan):
        yield Place(
            section, kubernetes=lambda: bed, inventory=lambda: leftovers.of_cluster(bed), made=lambda: bed
        )


@contextmanager
def _in_cloud(bed: Bed, cluster: MagnumCluster) -> Iterator[Place]:
    cloud = clouds.start(bed.state)
    try:
        _offer(cloud, cluster)
        section = cluster.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"cloud"})
        yield Place(
            section,
            kubernetes=lambda: _access(bed, *_kubeconfigs(cloud)),
            made=lambda: next((_access(bed, each) for each in _kubeconfigs(cloud)), None),
            inventory=lambda: leftovers.of_cloud(cloud),
            environment=cloud.environment(),
        )
    finally:
        clouds.stop(bed.state)


def _offer(cloud: OpenStackBed, cluster: MagnumCluster) -> None:
    """Creates what the stack's owner has in CERN's cloud: the keypair and every flavor that the stack names."""
    if cluster.public_key is None:
        cloud.connection().compute.create_keypair(name=cluster.keypair)
    compute = cloud.connection(ADMINISTRATOR).compute
    offered = {flavor.name for flavor in compute.flavors()}
    named = {cluster.flavor, cluster.master_flavor, *(group.flavor for group in cluster.node_groups)}
    for name in sorted(named & FLAVORS.keys() - offered):
        compute.create_flavor(name=name, vcpus=FLAVORS[name].cpus, ram=FLAVORS[name].memory, disk=_DISK)


def _kubeconfigs(cloud: OpenStackBed) -> list[Path]:
    """The administrators' kubeconfigs of the clusters in a cloud."""
    return list((cloud.settings.folder / "clusters").glob(f"*/{CONTROL_PLANE}/kubeconfig"))


def _access(bed: Bed, kubeconfig: Path) -> Bed:
    """The bed with access to another cluster."""
    return replace(bed, kubeconfig=kubeconfig)
