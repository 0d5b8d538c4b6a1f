"""A Kubernetes cluster made by OpenStack Magnum.

The published OpenStack provider has this resource too, but takes Magnum's 404 before the row exists for a deletion,
reports a failed cluster as ready at the next update, ends an update on the status of the previous one, and needs two
runs to remove a failed cluster. Only a resource of our own can correct that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from typing_extensions import override

from panda_infra.clients.openstack.api import ClusterInfo, ClusterSpec
from panda_infra.errors import ResourceError
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.cluster_description import (
    FIXED,
    ClusterInputs,
    ClusterState,
    changes,
    left_to_autoscaler,
)
from panda_infra.provider.cluster_life import await_birth, remove, request
from panda_infra.provider.node_groups import NodeCounts, counts_of, described, match, unsettled
from panda_infra.provider.owned import CLUSTER_LABEL, differences, inputs_of, made_by, name_is_taken
from panda_infra.provider.resource import Change, Found, Operation, PartialFailure, Resource
from panda_infra.provider.wire import UNKNOWN

__all__ = ["ClusterResource"]


class ClusterResource(Resource[ClusterInputs, ClusterState]):
    """A Magnum cluster: never replaced, grown in place, and complete when the resource is.

    Its id is its name: a cluster whose creation failed is made again under the same id, protected or not.
    """

    name = "Cluster"
    inputs = ClusterInputs
    state = ClusterState
    timeouts: ClassVar[Mapping[str, float]] = {"create": 3600, "update": 3600, "delete": 1800}

    def __init__(self, cloud: Cloud, owner: str) -> None:
        self._cloud = cloud
        self._owner = owner

    @override
    def diff(self, old: ClusterState, new: ClusterInputs) -> Mapping[str, Change]:
        return {name: Change() for name in changes(old, new)}

    @override
    def preview(self, old: ClusterState | None, new: ClusterInputs) -> ClusterState:
        if old is None or not old.complete:
            return ClusterState(**dict(new), cluster_id=UNKNOWN)
        return ClusterState(**(dict(old) | dict(new)))

    @override
    def create(self, new: ClusterInputs, operation: Operation) -> tuple[str, ClusterState]:
        openstack = self._cloud.openstack
        # The listing does not contain all fields of a cluster.
        existing = [openstack.cluster(found.id) or found for found in openstack.clusters_named(new.name)]
        if new.adopt:
            return new.name, self._adopted(new, existing)
        if len(existing) == 1 and made_by(existing[0], self._owner):
            return new.name, self._taken_up(existing[0], new, operation)
        if existing:
            raise ResourceError(name_is_taken(new.name, existing))
        return new.name, self._make(new, operation)

    @override
    def read(
        self,
        resource_id: str,
        old: ClusterState | None,
        operation: Operation,
    ) -> Found[ClusterInputs, ClusterState] | None:
        found = self._cloud.openstack.cluster(old.cluster_id if old else resource_id)
        if found is None:
            return None
        state = self._state(found, old)
        inputs = ClusterInputs(**{name: getattr(state, name) for name in ClusterInputs.model_fields})
        return Found(found.name, state, inputs)

    @override
    def update(
        self, resource_id: str, old: ClusterState, new: ClusterInputs, operation: Operation
    ) -> ClusterState:
        if not old.complete:
            return self._finish_birth(old, new, operation)
        before = self._cloud.cluster(old.cluster_id)
        managed = {group.name for group in old.node_groups}
        openstack = self._cloud.openstack
        if new.template != old.template:
            openstack.upgrade_cluster(before.id, self._template(new.template))
        flavors = {group.name: group.flavor for group in new.node_groups}
        match(openstack, before.id, self._counts(before, new), flavors=flavors, managed=managed)

        def settled() -> ClusterInfo | str:
            found = self._cloud.cluster(before.id)
            if found.failed and found.updated != before.updated:
                msg = f"Magnum cluster {found.name}: {found.status}: {found.why()}"
                raise ResourceError(msg)
            wanted = self._counts(found, new)
            return unsettled(found, openstack.node_groups(before.id), wanted, managed) or found

        # After a failure, the next refresh shows what Magnum has begun, and the next update continues.
        done = operation.wait(settled)
        return self._state(done, ClusterState(**(dict(old) | dict(new))))

    @override
    def delete(self, resource_id: str, old: ClusterState, operation: Operation) -> None:
        if old.stays:
            operation.progress.warn(f"cluster {old.name} was taken over and not made: it stays")
            return
        remove(self._cloud.openstack, old.cluster_id, operation)

    def _counts(self, found: ClusterInfo, new: ClusterInputs) -> NodeCounts:
        """The numbers of workers to request: the present ones if an autoscaler owns them."""
        wanted = left_to_autoscaler(new, inputs_of(self._cloud.openstack, found))
        return counts_of(wanted.node_count, wanted.node_groups)

    def _make(self, new: ClusterInputs, operation: Operation) -> ClusterState:
        cluster_id = self._request(new, operation)
        born = ClusterState(**dict(new), cluster_id=cluster_id, complete=False)
        return self._wait_for_birth(born, new, operation)

    def _finish_birth(self, old: ClusterState, new: ClusterInputs, operation: Operation) -> ClusterState:
        """Continue with a cluster that never was complete; a failed one is removed and made again."""
        found = self._cloud.openstack.cluster(old.cluster_id)
        if found is not None and found.failed:
            operation.progress.status(f"removing {found.name}, which is {found.status}")
            remove(self._cloud.openstack, found.id, operation)
            found = None
        return self._wait_for_birth(old, new, operation) if found else self._make(new, operation)

    def _wait_for_birth(self, born: ClusterState, new: ClusterInputs, operation: Operation) -> ClusterState:
        try:
            done = await_birth(self._cloud.openstack, born.cluster_id, operation)
        except ResourceError as error:
            raise PartialFailure(str(error), new.name, born) from error
        state = self._state(done, ClusterState(**(dict(born) | dict(new))))
        try:
            return self.update(new.name, state, new, operation) if self.diff(state, new) else state
        except ResourceError as error:
            raise PartialFailure(str(error), new.name, state) from error

    def _request(self, new: ClusterInputs, operation: Operation) -> str:
        spec = ClusterSpec(
            name=new.name,
            template=self._template(new.template),
            keypair=new.keypair,
            flavor=new.flavor,
            master_flavor=new.master_flavor,
            node_count=new.node_count,
            master_count=new.master_count,
            labels={**new.labels, **({CLUSTER_LABEL: self._owner} if self._owner else {})},
        )
        return request(self._cloud.openstack, spec, operation)

    def _template(self, name: str) -> str:
        found = self._cloud.openstack.template(name)
        if found is None:
            msg = f"Magnum has no cluster template {name}"
            raise ResourceError(msg)
        return found

    def _adopted(self, new: ClusterInputs, existing: Sequence[ClusterInfo]) -> ClusterState:
        if len(existing) != 1:
            msg = f"Magnum has {len(existing)} clusters called {new.name}: `cluster.adopt` needs exactly one"
            raise ResourceError(msg)
        if not existing[0].complete:
            msg = f"cluster {new.name} is {existing[0].status}: only a complete cluster can be taken over"
            raise ResourceError(msg)
        self._refuse_differences(existing[0], new)
        return ClusterState(**(dict(self._state(existing[0], None)) | dict(new)))

    def _taken_up(self, found: ClusterInfo, new: ClusterInputs, operation: Operation) -> ClusterState:
        """Continue with a cluster that a killed run of this stack requested and did not record."""
        operation.progress.status(f"going on with {found.name}, which an interrupted run has asked for")
        if not found.failed:
            self._refuse_differences(found, new)
        born = ClusterState(**dict(new), cluster_id=found.id, complete=False)
        return self._finish_birth(born, new, operation)

    def _refuse_differences(self, found: ClusterInfo, new: ClusterInputs) -> None:
        """Raise an error if an adopted cluster differs in any input, or another one in an input that is fixed."""
        differing = differences(self._cloud.openstack, found, new)
        if not new.adopt:
            differing = {name: pair for name, pair in differing.items() if name in FIXED}
        if differing:
            listed = "\n".join(f"  - cluster.{name} is {actual!r}" for name, (actual, _) in differing.items())
            msg = f"cluster {new.name} is not the one that the stack file describes. Describe it as it is:\n{listed}"
            raise ResourceError(msg)

    def _state(self, found: ClusterInfo, old: ClusterState | None) -> ClusterState:
        """The cluster as Magnum has it; inputs that Magnum cannot change keep their spelling in ``old``."""
        openstack = self._cloud.openstack
        fixed = old or inputs_of(openstack, found)
        names = [group.name for group in fixed.node_groups]
        node_count, groups = described(openstack.node_groups(found.id), names)
        same_template = openstack.template(fixed.template) == found.template
        live = {
            "template": fixed.template if same_template else openstack.template_name(found.template),
            "node_count": node_count,
            "node_groups": groups,
            "cluster_id": found.id,
            "complete": found.status != "CREATE_FAILED" and not found.status.startswith("CREATE_IN"),
            "effective_labels": found.labels,
        }
        return ClusterState(**(dict(fixed) | live))
