"""The provider: finds the resource of a call, and converts between wire values and models."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pulumi.provider.experimental import provider as wire
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2
from pydantic import ValidationError

from panda_infra.config.base import Model
from panda_infra.errors import ResourceError
from panda_infra.provider import PACKAGE
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.cluster import ClusterResource
from panda_infra.provider.cluster_access import ClusterAccessResource
from panda_infra.provider.landb_aliases import LandbAliasesResource
from panda_infra.provider.node_labels import NodeLabelsResource
from panda_infra.provider.progress import Progress
from panda_infra.provider.released_volumes import ReleasedVolumesResource
from panda_infra.provider.resource import Change, Operation, RefusedError, Resource
from panda_infra.provider.schema import schema_of
from panda_infra.provider.wire import from_wire, to_wire

__all__ = ["VERSION", "MagnumProvider"]

VERSION = "0.1.0"
_QUICK = 300.0  # seconds for calls that only read

AnyResource = Resource[Any, Any]


class MagnumProvider(wire.Provider):
    """The provider plugin of this program.

    ``connect`` opens a cloud by its name in clouds.yaml, None for that of the OS_* variables. ``progress`` returns
    the receiver of messages about the resource with a URN. ``poll`` is in seconds.
    """

    def __init__(
        self,
        connect: Callable[[str | None], Cloud],
        progress: Callable[[str], Progress],
        *,
        poll: float = 5.0,
    ) -> None:
        self._connect = connect
        self._progress = progress
        self._poll = poll
        self._cancelled = threading.Event()
        self._resources: Mapping[str, AnyResource] = {}

    async def get_schema(self, request: wire.GetSchemaRequest) -> wire.GetSchemaResponse:  # noqa: ARG002
        """The package's schema, made from the resources' models."""
        kinds = (
            ClusterResource,
            ClusterAccessResource,
            NodeLabelsResource,
            LandbAliasesResource,
            ReleasedVolumesResource,
        )
        return wire.GetSchemaResponse(json.dumps(schema_of(PACKAGE, VERSION, kinds)))

    async def diff_config(self, request: wire.DiffRequest) -> wire.DiffResponse:
        """Report another cloud as a change; another owner's text changes nothing that exists."""
        old, new = (from_wire(state).get("cloud") for state in (request.old_state, request.new_inputs))
        # For a provider, unlike for a resource, the SDK passes the protocol's number through.
        changes: Any = (
            provider_pb2.DiffResponse.DIFF_NONE if old == new else provider_pb2.DiffResponse.DIFF_SOME
        )
        return wire.DiffResponse(changes=changes, diffs=["cloud"] if old != new else [])

    async def configure(self, request: wire.ConfigureRequest) -> wire.ConfigureResponse:
        """Store the name of the cloud; the connection is made when a resource needs it."""
        given = from_wire(request.args)
        cloud, owner = self._connect(given.get("cloud")), given.get("owner") or ""
        self._resources = _by_token(
            (
                ClusterResource(cloud, owner),
                ClusterAccessResource(cloud),
                NodeLabelsResource(cloud, owner),
                LandbAliasesResource(cloud, owner),
                ReleasedVolumesResource(cloud),
            )
        )
        return wire.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: wire.CheckRequest) -> wire.CheckResponse:
        """Validate the inputs and fill in those that depend on the live cluster."""
        resource = self._resource(request.type)
        try:
            new = _model(resource.inputs, from_wire(request.new_inputs))
            old = _old_inputs(resource, request.old_inputs)
            done = await asyncio.to_thread(resource.check, old, new, self._operation(request.urn, _QUICK))
        except ValidationError as error:
            return wire.CheckResponse(
                request.new_inputs,
                [wire.CheckFailure(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()],
            )
        except RefusedError as error:
            return wire.CheckResponse(
                request.new_inputs,
                [wire.CheckFailure(name, reason) for name, reason in error.reasons.items()],
            )
        return wire.CheckResponse(to_wire(_dump(done)))

    async def diff(self, request: wire.DiffRequest) -> wire.DiffResponse:
        """Compare the recorded state with the inputs."""
        resource = self._resource(request.type)
        old = _model(resource.state, from_wire(request.old_state))
        new = _model(resource.inputs, from_wire(request.new_inputs))
        changes = {
            name: change
            for name, change in resource.diff(old, new).items()
            if name not in request.ignore_changes
        }
        before = _dump(old)
        return wire.DiffResponse(
            changes=bool(changes),
            replaces=[name for name, change in changes.items() if change.replace],
            # Names are fixed: the old and the new resource cannot exist at the same time.
            delete_before_replace=any(change.replace for change in changes.values()),
            diffs=list(changes),
            detailed_diff={
                name: wire.PropertyDiff(_kind(change, existed=before.get(name) is not None), input_diff=False)
                for name, change in changes.items()
            },
        )

    async def create(self, request: wire.CreateRequest) -> wire.CreateResponse:
        """Make a resource, or return its expected state in a preview."""
        resource = self._resource(request.type)
        new = _model(resource.inputs, from_wire(request.properties))
        if request.preview:
            return wire.CreateResponse("", self._outputs(resource, resource.preview(None, new)))
        operation = self._operation(request.urn, request.timeout or resource.timeouts.get("create", _QUICK))
        resource_id, state = await asyncio.to_thread(resource.create, new, operation)
        return wire.CreateResponse(resource_id, self._outputs(resource, state))

    async def read(self, request: wire.ReadRequest) -> wire.ReadResponse:
        """Read a resource, also to import it."""
        resource = self._resource(request.type)
        known = from_wire(request.properties)
        old = _model(resource.state, known) if known else None
        operation = self._operation(request.urn, _QUICK)
        found = await asyncio.to_thread(resource.read, request.resource_id, old, operation)
        if found is None:
            return wire.ReadResponse("")
        return wire.ReadResponse(found.id, self._outputs(resource, found.state), to_wire(_dump(found.inputs)))

    async def update(self, request: wire.UpdateRequest) -> wire.UpdateResponse:
        """Change a resource, or return its expected state in a preview."""
        resource = self._resource(request.type)
        old = _model(resource.state, from_wire(request.olds))
        new = _model(resource.inputs, from_wire(request.news))
        if request.preview:
            return wire.UpdateResponse(self._outputs(resource, resource.preview(old, new)))
        operation = self._operation(request.urn, request.timeout or resource.timeouts.get("update", _QUICK))
        state = await asyncio.to_thread(resource.update, request.resource_id, old, new, operation)
        return wire.UpdateResponse(self._outputs(resource, state))

    async def delete(self, request: wire.DeleteRequest) -> None:
        """Remove a resource."""
        resource = self._resource(request.type)
        old = _model(resource.state, from_wire(request.properties))
        operation = self._operation(request.urn, request.timeout or resource.timeouts.get("delete", _QUICK))
        await asyncio.to_thread(resource.delete, request.resource_id, old, operation)

    async def cancel(self) -> None:
        """End every wait; unfinished work is recorded, and the next update finishes it."""
        self._cancelled.set()

    def _resource(self, kind: str) -> AnyResource:
        token = kind.rpartition("$")[2]  # the types of the parents come first
        try:
            return self._resources[token]
        except KeyError:
            msg = f"{PACKAGE} has no resource {token}"
            raise ResourceError(msg) from None

    def _operation(self, urn: str, timeout: float) -> Operation:
        return Operation(self._progress(urn), timeout, self._poll, self._cancelled)

    @staticmethod
    def _outputs(resource: AnyResource, state: Model) -> dict[str, PropertyValue]:
        return to_wire(_dump(state), secrets=resource.secrets)


def _by_token(resources: Iterable[AnyResource]) -> dict[str, AnyResource]:
    return {f"{PACKAGE}:index:{resource.name}": resource for resource in resources}


def _model(model: type[Model], values: Mapping[str, Any]) -> Any:
    return model.model_validate_json(json.dumps(values))


def _old_inputs(resource: AnyResource, values: Mapping[str, PropertyValue]) -> Any:
    """The inputs of the last run; None for a new resource, or if an older version wrote them in another form."""
    try:
        return _model(resource.inputs, from_wire(values)) if values else None
    except ValidationError:
        return None


def _dump(model: Model) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True)


def _kind(change: Change, *, existed: bool) -> wire.PropertyDiffKind:
    if existed:
        return wire.PropertyDiffKind.UPDATE_REPLACE if change.replace else wire.PropertyDiffKind.UPDATE
    return wire.PropertyDiffKind.ADD_REPLACE if change.replace else wire.PropertyDiffKind.ADD
