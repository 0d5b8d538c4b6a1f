"""Wait for the volumes of removed claims, which a controller in the cluster deletes from the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.config.base import Model
from panda_infra.errors import ResourceError
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.resource import Change, Found, Operation, Resource, changed_fields

__all__ = ["ReleasedVolumesInputs", "ReleasedVolumesResource"]


class ReleasedVolumesInputs(Model):
    """The cluster of the volumes."""

    cluster_id: str
    """Id of the Magnum cluster."""


class ReleasedVolumesState(ReleasedVolumesInputs):
    """No outputs: this resource only acts when it is deleted."""


class ReleasedVolumesResource(Resource[ReleasedVolumesInputs, ReleasedVolumesState]):
    """Its deletion waits until the volumes of removed claims are deleted: without the cluster they would remain.

    If the controller is gone, a warning names the remaining volumes and the deletion goes on.
    """

    name = "ReleasedVolumes"
    inputs = ReleasedVolumesInputs
    state = ReleasedVolumesState
    timeouts: ClassVar[Mapping[str, float]] = {"delete": 300}

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    @override
    def diff(self, old: ReleasedVolumesState, new: ReleasedVolumesInputs) -> Mapping[str, Change]:
        return {name: Change(replace=True) for name in changed_fields(old, new)}

    @override
    def preview(self, old: ReleasedVolumesState | None, new: ReleasedVolumesInputs) -> ReleasedVolumesState:
        return ReleasedVolumesState(**dict(new))

    @override
    def create(self, new: ReleasedVolumesInputs, operation: Operation) -> tuple[str, ReleasedVolumesState]:
        return new.cluster_id, ReleasedVolumesState(**dict(new))

    @override
    def read(
        self,
        resource_id: str,
        old: ReleasedVolumesState | None,
        operation: Operation,
    ) -> Found[ReleasedVolumesInputs, ReleasedVolumesState] | None:
        if self._cloud.openstack.cluster(resource_id) is None:
            return None
        inputs = ReleasedVolumesInputs(cluster_id=resource_id)
        return Found(resource_id, ReleasedVolumesState(**dict(inputs)), inputs)

    @override
    def update(
        self,
        resource_id: str,
        old: ReleasedVolumesState,
        new: ReleasedVolumesInputs,
        operation: Operation,
    ) -> ReleasedVolumesState:
        return ReleasedVolumesState(**dict(new))

    @override
    def delete(self, resource_id: str, old: ReleasedVolumesState, operation: Operation) -> None:
        cluster = self._cloud.openstack.cluster(old.cluster_id)
        if cluster is None or not cluster.api_address:
            return
        try:
            kubernetes = self._cloud.kubernetes(cluster)
            operation.wait(lambda: _waiting([v.name for v in kubernetes.volumes() if v.is_ending]))
        except (ResourceError, KubernetesError) as error:
            if operation.cancelled.is_set():
                raise
            operation.progress.warn(f"{error}; look for them in Cinder and Manila, they may be left")


def _waiting(ending: list[str]) -> tuple[()] | str:
    return f"volumes of removed claims are not deleted yet: {', '.join(ending)}" if ending else ()
