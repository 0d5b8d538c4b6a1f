"""Creation and removal of a Magnum cluster: it is requested exactly once and awaited."""

from __future__ import annotations

from panda_infra.clients.openstack.api import ClusterInfo, ClusterSpec, OpenStack, OpenStackError
from panda_infra.errors import ResourceError
from panda_infra.provider.resource import Operation

__all__ = ["await_birth", "remove", "request"]

_ATTEMPTS = 3
_BAD_REQUEST = 400
_LOOKS = 4  # polls until a cluster without an answer from Magnum counts as not made
_ROW_PATIENCE = 12  # polls until a cluster that Magnum accepted but does not show counts as lost


def request(openstack: OpenStack, spec: ClusterSpec, operation: Operation) -> str:
    """Request the cluster exactly once: after a lost answer, look for the cluster before requesting it again.

    Returns:
        Magnum's id, by which Magnum may not find the cluster for a moment.

    Raises:
        OpenStackError: Magnum refuses, or cannot be reached in several attempts.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return openstack.create_cluster(spec)
        except OpenStackError as error:
            if not error.ambiguous or attempt == _ATTEMPTS:
                raise
            operation.progress.status(f"{error}; looking whether Magnum made the cluster all the same")
            made = _look_for(openstack, spec.name, operation)
            if made:
                return made[0].id
    raise AssertionError


def await_birth(openstack: OpenStack, cluster_id: str, operation: Operation) -> ClusterInfo:
    """Wait until the cluster is complete for the first time.

    Raises:
        ResourceError: it failed, with Magnum's reason; it was deleted; or the time is over.
    """
    unknown_polls = 0

    def probe() -> ClusterInfo | str:
        nonlocal unknown_polls
        found = openstack.cluster(cluster_id)
        if found is None:
            # Magnum accepts a request before its conductor has made the row.
            unknown_polls += 1
            if unknown_polls > _ROW_PATIENCE:
                msg = f"Magnum accepted cluster {cluster_id} but does not know it: somebody deleted it"
                raise ResourceError(msg)
            return "Magnum has accepted the cluster"
        if found.failed:
            msg = (
                f"Magnum cluster {found.name}: {found.status}: {found.why()}. "
                "Mend the cause, then run `pulumi up` again: it removes this cluster and makes it anew"
            )
            raise ResourceError(msg)
        return found if found.complete else f"Magnum reports {found.status}"

    return operation.wait(probe)


def remove(openstack: OpenStack, cluster_id: str, operation: Operation) -> None:
    """Delete a cluster and wait until it is gone from Magnum; does nothing if there is none.

    Raises:
        ResourceError: Magnum could not delete it, with Magnum's reason; or the time is over.
    """
    before = openstack.cluster(cluster_id)
    if before is None:
        return
    openstack.delete_cluster(cluster_id)

    def probe() -> tuple[()] | str:
        try:
            found = openstack.cluster(cluster_id)
        except OpenStackError as error:
            # After the deletion of its groups, Magnum cannot describe the cluster, which has no masters any more.
            if error.status != _BAD_REQUEST:
                raise
            return "Magnum has removed the node groups"
        if found is None:
            return ()
        # A failed cluster keeps its old status until Magnum's conductor handles the request.
        if found.status == "DELETE_FAILED" and found.updated != before.updated:
            msg = f"Magnum cluster {found.name}: DELETE_FAILED: {found.why()}"
            raise ResourceError(msg)
        return f"Magnum reports {found.status}"

    operation.wait(probe)


def _look_for(openstack: OpenStack, name: str, operation: Operation) -> tuple[ClusterInfo, ...]:
    """Clusters of that name, after the time that Magnum needs to make a row."""
    looks = 0

    def probe() -> tuple[ClusterInfo, ...] | str:
        nonlocal looks
        looks += 1
        found = tuple(openstack.clusters_named(name))
        return found if found or looks >= _LOOKS else "looking whether Magnum made the cluster"

    return operation.wait(probe)
