"""Nodes and servers come and go between runs and within them, and runs are killed: no number is ever given twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from typing_extensions import override

from panda_infra.clients.openstack.api import ClusterSpec, OpenStackError
from panda_infra.plan.aliases import numbers_in, unpack
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.landb_aliases import LandbAliasesInputs, LandbAliasesResource, LandbAliasesState
from panda_infra.provider.resource import Operation
from tests.unit.provider.conftest import OWNER, Reports
from tests.unit.provider.fakes import FakeKubernetes, FakeOpenStack, World

_ALIASES = ("panda", "bigmon")
_PREFIX = "demo-abcdefghij12-node-"
_NODES = st.integers(0, 7)


def carried(world: World) -> dict[str, set[tuple[str, int]]]:
    """The aliases of each server with its number."""
    servers = list(world.servers.values())
    return {each.id: set(numbers_in(unpack(each.metadata), _ALIASES).items()) for each in servers}


class DyingError(OpenStackError):
    """The run is killed at a write."""


class Nova(FakeOpenStack):
    """Metadata of which the write with the number ``kill``, counted from 0, is the last one of a run.

    Writes of one run may arrive in any order: no server may get a number that another one had ``before`` it.
    """

    kill = -1
    before: Mapping[str, set[tuple[str, int]]] = {}

    @override
    def set_metadata(self, server_id: str, values: Mapping[str, str]) -> None:
        self._write()
        super().set_metadata(server_id, values)
        for other, had in self.before.items():
            both = had & carried(self.world)[server_id] if other != server_id else set()
            assert not (both and other in self.world.servers), f"{server_id} gets {both} of {other}"

    @override
    def delete_metadata(self, server_id: str, key: str) -> None:
        self._write()
        if server_id in self.world.servers:
            super().delete_metadata(server_id, key)

    def _write(self) -> None:
        if self.kill == 0:
            raise DyingError("killed")
        self.kill -= 1


class Aliases(RuleBasedStateMachine):
    """The aliases of one cluster, run after run."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.nova = Nova(self.world)
        cloud = Cloud(lambda: self.nova, lambda _target: FakeKubernetes(self.world))
        self.resource = LandbAliasesResource(cloud, OWNER)
        self.cluster = self.nova.create_cluster(ClusterSpec("demo", "t", "k", "f", "f", 3, 1, {}))
        while not (self.nova.cluster(self.cluster) or self.world.clusters[self.cluster]).complete:
            continue
        self.operation = Operation(Reports(), timeout=0.0)
        self.recorded: LandbAliasesState | None = None
        self.wanted = LandbAliasesInputs(cluster_id=self.cluster, aliases=_ALIASES, workers=3)

    @rule(kill=st.integers(0, 6))
    def a_run_is_killed(self, kill: int) -> None:
        self.nova.kill = kill
        try:
            self._up()
        except DyingError:
            pass
        finally:
            self.nova.kill = -1

    @rule()
    def a_run(self) -> None:
        self._up()
        numbers = Counter(each for found in carried(self.world).values() for each in found)
        assert not [each for each, times in numbers.items() if times > 1], numbers
        for node in self.world.nodes.values():
            if node.ready and not node.master:
                found = numbers_in(unpack(self.world.servers[node.server].metadata), _ALIASES)
                assert set(found) == set(_ALIASES), node.name

    def _up(self) -> None:
        self.nova.before = carried(self.world)
        old = self.recorded
        new = self.resource.check(old, self.wanted, self.operation)
        if old is None:
            _, self.recorded = self.resource.create(new, self.operation)
        elif self.resource.diff(old, new):
            self.recorded = self.resource.update(self.cluster, old, new, self.operation)

    @rule(number=_NODES)
    def a_node_joins(self, number: int) -> None:
        name = f"{_PREFIX}{number}"
        if name not in self.world.nodes and name not in {each.name for each in self.world.servers.values()}:
            self.world.add_node(name)

    @rule(number=_NODES)
    def a_node_goes_with_its_server(self, number: int) -> None:
        if f"{_PREFIX}{number}" in self.world.nodes:
            self.world.remove_node(f"{_PREFIX}{number}")

    @rule(number=_NODES)
    def a_node_goes_and_its_server_stays(self, number: int) -> None:
        self.world.nodes.pop(f"{_PREFIX}{number}", None)

    @rule(number=_NODES)
    def the_server_of_a_node_that_is_gone_goes_or_joins_again(self, number: int) -> None:
        name = f"{_PREFIX}{number}"
        if name in self.world.nodes:
            return
        left = [each.id for each in self.world.servers.values() if each.name == name]
        for each in left:
            entry = self.world.servers.pop(each)
            if number % 2:
                self.world.add_node(name)
                server = self.world.nodes[name].server
                self.world.servers[server] = type(entry)(server, name, "ACTIVE", entry.metadata)

    @rule(number=_NODES, ready=st.booleans())
    def a_node_changes(self, number: int, ready: bool) -> None:
        if f"{_PREFIX}{number}" in self.world.nodes:
            self.world.node(f"{_PREFIX}{number}", ready=ready)

    @rule(number=st.integers(1, 4))
    def a_server_goes_while_it_is_written(self, number: int) -> None:
        self.world.vanish = self.world.calls["set_metadata"] + number
        self._up()
        self.world.vanish = 0


Aliases.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAliases = Aliases.TestCase
