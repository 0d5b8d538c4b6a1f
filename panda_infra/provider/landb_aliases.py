"""LanDB aliases in the metadata of a Magnum cluster's servers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from pydantic import Field
from typing_extensions import override

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.openstack.api import OpenStackError, OpenStackNotFoundError, Server
from panda_infra.config.base import Model
from panda_infra.plan.aliases import (
    MetadataChange,
    aliases_in,
    change_metadata,
    entry,
    number_nodes,
    numbers_in,
    unpack,
)
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.membership import Members, Worker, each, members_of, placeholders
from panda_infra.provider.owned import SERVER_KEY
from panda_infra.provider.resource import Found, Operation, RefusedError, Resource
from panda_infra.provider.wire import UNKNOWN

__all__ = ["LandbAliasesInputs", "LandbAliasesResource", "with_entries"]

_CONTROLLER = "landb-alias-controller"


class LandbAliasesInputs(Model):
    """The aliases that the workers share."""

    cluster_id: str
    """Id of the Magnum cluster."""
    aliases: tuple[str, ...]
    """Aliases without their domain."""
    workers: Annotated[int, Field(ge=0)]
    """Number of workers that the cluster should have."""
    offset: Annotated[int, Field(ge=0)] = 0
    """Highest number that another cluster with the same aliases uses."""
    carriers: Annotated[int | None, Field(ge=1)] = None
    """Number of workers that carry the aliases, those with the lowest N; without it all of them."""
    numbers: Mapping[str, int] = {}
    """The number N of each worker; the provider fills it in."""
    assigned: Mapping[str, str] = {}
    """The entries of each worker that is Ready; the provider fills it in."""


class LandbAliasesState(LandbAliasesInputs):
    """The aliases on the servers."""

    found: Mapping[str, str] = {}
    """The aliases that a worker had before this stack, by its name: these stay."""


class LandbAliasesResource(Resource[LandbAliasesInputs, LandbAliasesState]):
    """Entries ``host--load-N-`` on every Ready worker; a worker keeps its N; entries of others are kept."""

    name = "LandbAliases"
    inputs = LandbAliasesInputs
    state = LandbAliasesState

    def __init__(self, cloud: Cloud, owner: str) -> None:
        self._cloud = cloud
        self._owner = owner

    @override
    def check(
        self, old: LandbAliasesInputs | None, new: LandbAliasesInputs, operation: Operation
    ) -> LandbAliasesInputs:
        if new.cluster_id == UNKNOWN:
            return with_entries(new, (), {})
        try:
            self._refuse_controller(new.cluster_id)
            members = self._members(new.cluster_id)
        except KubernetesError as error:
            operation.progress.warn(f"showing the aliases as last recorded: {error}")
            if old is None:
                return with_entries(new, (), {})
            return new.model_copy(update={"numbers": old.numbers, "assigned": old.assigned})
        if old is not None and old.cluster_id == new.cluster_id:
            for text in _overwritten(members.workers, old):
                operation.progress.warn(text)
        numbers = old.numbers if old else {}
        return with_entries(new, members.workers, numbers, _taken(members.others, new.aliases))

    @override
    def preview(self, old: LandbAliasesState | None, new: LandbAliasesInputs) -> LandbAliasesState:
        return LandbAliasesState(**dict(new), found=old.found if old else {})

    @override
    def create(self, new: LandbAliasesInputs, operation: Operation) -> tuple[str, LandbAliasesState]:
        return new.cluster_id, self._apply(new, None, operation)

    @override
    def read(
        self,
        resource_id: str,
        old: LandbAliasesState | None,
        operation: Operation,
    ) -> Found[LandbAliasesInputs, LandbAliasesState] | None:
        if self._cloud.openstack.cluster(resource_id) is None:
            return None
        workers = self._members(resource_id).workers
        present = {worker.node.name: unpack(worker.server.metadata) for worker in workers}
        aliases = old.aliases if old else aliases_in(present.values())
        inputs = LandbAliasesInputs(
            cluster_id=resource_id,
            aliases=aliases,
            workers=old.workers if old else len(workers),
            offset=old.offset if old else 0,
            carriers=old.carriers if old else None,
            numbers=_remembered(workers, aliases, old.numbers if old else {}),
            assigned={
                name: ",".join(entry(alias, found[alias]) for alias in aliases if alias in found)
                for name, entries in present.items()
                if (found := numbers_in(entries, aliases))
            },
        )
        before = old.found if old else self._found(workers, aliases, None)
        return Found(resource_id, LandbAliasesState(**dict(inputs), found=before), inputs)

    @override
    def update(
        self,
        resource_id: str,
        old: LandbAliasesState,
        new: LandbAliasesInputs,
        operation: Operation,
    ) -> LandbAliasesState:
        return self._apply(new, old, operation)

    @override
    def delete(self, resource_id: str, old: LandbAliasesState, operation: Operation) -> None:
        if self._cloud.openstack.cluster(resource_id) is None:
            return
        members = self._members(resource_id)
        changes = {
            worker.server.id: self._removed(worker.server, _given(worker, old, ()))
            for worker in members.workers
        }
        self._write(changes | self._withdrawn(members.others, old.aliases), operation)

    def _apply(
        self, new: LandbAliasesInputs, old: LandbAliasesState | None, operation: Operation
    ) -> LandbAliasesState:
        members = self._members(new.cluster_id)
        workers = members.workers
        found = self._found(workers, new.aliases, old)
        # Computed again from the live cluster: its nodes may have changed since the check of the inputs.
        taken = _taken(members.others, new.aliases)
        planned = with_entries(new.model_copy(update={"workers": 0}), workers, new.numbers, taken)
        changes = self._withdrawn(members.others, {*new.aliases, *(old.aliases if old else ())})
        for worker in workers:
            wanted = [text for text in planned.assigned.get(worker.node.name, "").split(",") if text]
            ours = {*new.aliases, *(_given(worker, old, new.aliases) if old else ())}
            change = change_metadata(worker.server.metadata, ours, wanted)
            # The owner is written in the same request, so that a killed run leaves no aliases without one.
            if change.values and self._owner and worker.node.name not in found:
                change = replace(change, values={**change.values, SERVER_KEY: self._owner})
            changes[worker.server.id] = change
        given = {worker.server.id for worker in workers if worker.node.name in planned.assigned}
        self._write(changes, operation, given)
        return LandbAliasesState(**(dict(planned) | {"workers": new.workers, "found": found}))

    def _withdrawn(self, servers: Iterable[Server], aliases: Iterable[str]) -> dict[str, MetadataChange]:
        """The changes that take this stack's entries from servers whose node is gone: they serve nothing."""
        return {server.id: self._removed(server, aliases) for server in servers if self._owns(server)}

    def _removed(self, server: Server, aliases: Iterable[str]) -> MetadataChange:
        """The change that takes entries of the aliases from a server, with this stack's mark if it has that."""
        change = change_metadata(server.metadata, aliases, ())
        return replace(change, stale=(*change.stale, SERVER_KEY)) if self._owns(server) else change

    def _owns(self, server: Server) -> bool:
        return bool(self._owner) and server.metadata.get(SERVER_KEY) == self._owner

    def _write(
        self, changes: Mapping[str, MetadataChange], operation: Operation, given: Container[str] = ()
    ) -> None:
        """Make the changes; those of servers that are not ``given`` aliases only take some away."""
        openstack = self._cloud.openstack

        def write(work: tuple[str, MetadataChange]) -> None:
            server_id, change = work
            try:
                if change.values:
                    # A server that was deleted since the look needs nothing.
                    with suppress(OpenStackNotFoundError):
                        openstack.set_metadata(server_id, change.values)
                for key in change.stale:
                    openstack.delete_metadata(server_id, key)
            except OpenStackError as error:
                # Nova changes nothing of a broken server, which may only be deleted.
                if error.status != HTTPStatus.CONFLICT or server_id in given:
                    raise
                operation.progress.warn(
                    f"server {server_id} keeps its LanDB aliases as long as it is there: {error}"
                )

        each(write, (work for work in changes.items() if work[1]))

    def _found(
        self, workers: Iterable[Worker], aliases: Iterable[str], old: LandbAliasesState | None
    ) -> dict[str, str]:
        """The aliases of each worker that this stack did not write, in the form of `LandbAliasesState`."""
        found = {}
        for worker in workers:
            name, metadata = worker.node.name, worker.server.metadata
            carried = numbers_in(unpack(metadata), aliases).keys()
            known = set(old.aliases) if old and name in old.numbers else set()
            foreign = set() if self._owns(worker.server) else carried - known
            before = set(old.found.get(name, "").split(",")) - {""} if old else set()
            if foreign | before:
                found[name] = ",".join(sorted(foreign | before))
        return found

    def _members(self, cluster_id: str) -> Members:
        return members_of(self._cloud, self._cloud.cluster(cluster_id))

    def _refuse_controller(self, cluster_id: str) -> None:
        namespaces = self._cloud.kubernetes(self._cloud.cluster(cluster_id)).deployments_named(_CONTROLLER)
        if namespaces:
            reason = (
                f"{_CONTROLLER} runs in namespace {', '.join(namespaces)} and would fight over the same aliases: "
                "remove it, or leave the aliases to it with `cluster.aliases: controller`"
            )
            raise RefusedError({"aliases": reason})


def with_entries(
    new: LandbAliasesInputs,
    workers: Sequence[Worker],
    previous: Mapping[str, int],
    taken: Iterable[int] = (),
) -> LandbAliasesInputs:
    """The inputs with the number of each worker and the entries of Ready ones; ``previous`` numbers stay.

    ``taken`` are the numbers of servers without a node, which LanDB knows as long as these are there.
    """
    names = [worker.node.name for worker in workers]
    coming = placeholders(names, new.workers)
    remembered = _remembered(workers, new.aliases, previous)
    numbers = number_nodes([*names, *coming], remembered, new.offset, taken)
    ready = [*(worker.node.name for worker in workers if worker.node.ready), *coming]
    served = sorted(ready, key=numbers.__getitem__)[: new.carriers]
    assigned = {
        name: ",".join(entry(alias, numbers[name]) for alias in new.aliases) for name in sorted(served)
    }
    return new.model_copy(update={"numbers": numbers, "assigned": assigned})


def _taken(servers: Iterable[Server], aliases: Iterable[str]) -> set[int]:
    """The numbers that servers have in their entries of the aliases."""
    return {number for server in servers for number in numbers_in(unpack(server.metadata), aliases).values()}


def _given(worker: Worker, old: LandbAliasesState, wanted: Iterable[str]) -> set[str]:
    """The stack's aliases without those that the worker had before, unless they are ``wanted`` now."""
    return set(old.aliases) - (set(old.found.get(worker.node.name, "").split(",")) - set(wanted))


def _remembered(
    workers: Sequence[Worker], aliases: Iterable[str], previous: Mapping[str, int]
) -> dict[str, int]:
    """The recorded number of each worker, else the one in its server's metadata."""
    found = {w.node.name: set(numbers_in(unpack(w.server.metadata), aliases).values()) for w in workers}
    unanimous = {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}
    return unanimous | {name: number for name, number in previous.items() if name in found}


def _overwritten(workers: Sequence[Worker], old: LandbAliasesInputs) -> list[str]:
    """Warnings for servers whose entries of our aliases differ from those that this program wrote."""
    texts = []
    for worker in workers:
        name = worker.node.name
        if name not in old.assigned or name not in old.numbers:
            continue
        wanted = [entry(alias, old.numbers[name]) for alias in old.aliases]
        present = [text for text in unpack(worker.server.metadata) if numbers_in([text], old.aliases)]
        if set(present) != set(wanted):
            texts.append(
                f"{name} carries {', '.join(present) or 'nothing'}, but was given {', '.join(wanted)}: something else "
                "writes the same aliases, such as a script or another stack; stop it, or the two will undo each "
                "other's work. `pulumi up --refresh` writes them again"
            )
    return texts
