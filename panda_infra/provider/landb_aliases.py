"""LanDB aliases in the metadata of a Magnum cluster's servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import Field
from typing_extensions import override

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
from panda_infra.provider.kube_api import KubernetesError
from panda_infra.provider.membership import Worker, each, placeholders, workers_of
from panda_infra.provider.resource import Change, Found, Operation, RefusedError, Resource, changed_fields
from panda_infra.provider.values import UNKNOWN

__all__ = ["LandbAliasesInputs", "LandbAliasesResource"]

_CONTROLLER = "landb-alias-controller"


class LandbAliasesInputs(Model):
    """Which aliases the workers share."""

    cluster_id: str
    """Id of the Magnum cluster."""
    aliases: tuple[str, ...]
    """Aliases without their domain."""
    workers: Annotated[int, Field(ge=0)]
    """Number of workers that the cluster is meant to have."""
    offset: Annotated[int, Field(ge=0)] = 0
    """Highest number that another cluster with the same aliases uses."""
    numbers: Mapping[str, int] = {}
    """The number N of each worker; the provider fills it in."""
    assigned: Mapping[str, str] = {}
    """The entries of each worker that is Ready; the provider fills it in."""


class LandbAliasesState(LandbAliasesInputs):
    """The aliases as the servers carry them."""


class LandbAliasesResource(Resource[LandbAliasesInputs, LandbAliasesState]):
    """Entries ``host--load-N-`` on every Ready worker; N stays with a worker, entries of others are kept."""

    name = "LandbAliases"
    inputs = LandbAliasesInputs
    state = LandbAliasesState

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    @override
    def check(
        self, old: LandbAliasesInputs | None, new: LandbAliasesInputs, operation: Operation
    ) -> LandbAliasesInputs:
        if new.cluster_id == UNKNOWN:
            return _planned(new, (), {})
        try:
            self._refuse_controller(new.cluster_id)
            workers = self._workers(new.cluster_id)
        except KubernetesError as error:
            operation.progress.warn(f"showing the aliases as last recorded: {error}")
            if old is None:
                return _planned(new, (), {})
            return new.model_copy(update={"numbers": old.numbers, "assigned": old.assigned})
        if old is not None and old.cluster_id == new.cluster_id:
            for text in _overwritten(workers, old):
                operation.progress.warn(text)
        return _planned(new, workers, old.numbers if old else {})

    @override
    def diff(self, old: LandbAliasesState, new: LandbAliasesInputs) -> Mapping[str, Change]:
        return {name: Change(replace=name == "clusterId") for name in changed_fields(old, new)}

    @override
    def preview(self, old: LandbAliasesState | None, new: LandbAliasesInputs) -> LandbAliasesState:
        return LandbAliasesState(**dict(new))

    @override
    def create(self, new: LandbAliasesInputs, operation: Operation) -> tuple[str, LandbAliasesState]:
        return new.cluster_id, self._apply(new, new.aliases)

    @override
    def read(
        self,
        resource_id: str,
        old: LandbAliasesState | None,
        operation: Operation,
    ) -> Found[LandbAliasesInputs, LandbAliasesState] | None:
        if self._cloud.openstack.cluster(resource_id) is None:
            return None
        workers = self._workers(resource_id)
        present = {worker.node.name: unpack(worker.server.metadata) for worker in workers}
        aliases = old.aliases if old else aliases_in(present.values())
        inputs = LandbAliasesInputs(
            cluster_id=resource_id,
            aliases=aliases,
            workers=old.workers if old else len(workers),
            offset=old.offset if old else 0,
            numbers=_remembered(workers, aliases, old.numbers if old else {}),
            assigned={
                name: ",".join(entry(alias, found[alias]) for alias in aliases if alias in found)
                for name, entries in present.items()
                if (found := numbers_in(entries, aliases))
            },
        )
        return Found(resource_id, LandbAliasesState(**dict(inputs)), inputs)

    @override
    def update(
        self,
        resource_id: str,
        old: LandbAliasesState,
        new: LandbAliasesInputs,
        operation: Operation,
    ) -> LandbAliasesState:
        return self._apply(new, {*old.aliases, *new.aliases})

    @override
    def delete(self, resource_id: str, old: LandbAliasesState, operation: Operation) -> None:
        if self._cloud.openstack.cluster(resource_id) is not None:
            self._write(self._workers(resource_id), {}, old.aliases)

    def _apply(self, new: LandbAliasesInputs, owned: Iterable[str]) -> LandbAliasesState:
        workers = self._workers(new.cluster_id)
        # Once more from the live cluster: a node may have come or gone since the inputs were checked.
        planned = _planned(new.model_copy(update={"workers": 0}), workers, new.numbers)
        self._write(workers, planned.assigned, owned)
        return LandbAliasesState(**(dict(planned) | {"workers": new.workers}))

    def _write(self, workers: Sequence[Worker], assigned: Mapping[str, str], owned: Iterable[str]) -> None:
        openstack = self._cloud.openstack
        ours = set(owned)

        def write(work: tuple[str, MetadataChange]) -> None:
            server_id, change = work
            if change.values:
                openstack.set_metadata(server_id, change.values)
            for key in change.stale:
                openstack.delete_metadata(server_id, key)

        changes = []
        for worker in workers:
            wanted = [text for text in assigned.get(worker.node.name, "").split(",") if text]
            changes.append((worker.server.id, change_metadata(worker.server.metadata, ours, wanted)))
        each(write, (work for work in changes if work[1]))

    def _workers(self, cluster_id: str) -> list[Worker]:
        return workers_of(self._cloud, self._cloud.cluster(cluster_id))

    def _refuse_controller(self, cluster_id: str) -> None:
        namespaces = self._cloud.kubernetes(self._cloud.cluster(cluster_id)).deployments_named(_CONTROLLER)
        if namespaces:
            reason = (
                f"{_CONTROLLER} runs in namespace {', '.join(namespaces)} and would fight over the same aliases: "
                "remove it, or leave the aliases to it with `cluster.aliases: controller`"
            )
            raise RefusedError({"aliases": reason})


def _planned(
    new: LandbAliasesInputs, workers: Sequence[Worker], previous: Mapping[str, int]
) -> LandbAliasesInputs:
    names = [worker.node.name for worker in workers]
    coming = placeholders(names, new.workers)
    numbers = number_nodes([*names, *coming], _remembered(workers, new.aliases, previous), new.offset)
    served = [*(worker.node.name for worker in workers if worker.node.ready), *coming]
    assigned = {
        name: ",".join(entry(alias, numbers[name]) for alias in new.aliases) for name in sorted(served)
    }
    return new.model_copy(update={"numbers": numbers, "assigned": assigned})


def _remembered(
    workers: Sequence[Worker], aliases: Iterable[str], previous: Mapping[str, int]
) -> dict[str, int]:
    """The number of each worker as last recorded, else as its server's metadata says."""
    found = {w.node.name: set(numbers_in(unpack(w.server.metadata), aliases).values()) for w in workers}
    unanimous = {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}
    return unanimous | {name: number for name, number in previous.items() if name in found}


def _overwritten(workers: Sequence[Worker], old: LandbAliasesInputs) -> list[str]:
    """Warnings for servers that carry other entries of our aliases than this program gave them."""
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
