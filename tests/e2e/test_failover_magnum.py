"""Failover between two clusters that Magnum made: databases of the site, LanDB aliases, and a cluster that is lost.

The clusters are in one project, so that the aliases of a lost one stay on its servers; they have numbers of their own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from panda_infra.plan.node_recovery import NAME as NODE_RECOVERY
from panda_infra.secrets.generate import revealed, stand_ins
from testbed import site, waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.errors import BedError
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.cluster import NAME
from testbed.rehearsal import changes
from testbed.workspace import PROJECT, Workspace, overridden
from tests.support import fast_yaml
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.magnum import kubeconfig_in, numbers, public_key, resources_of
from tests.support.pages import Command
from tests.support.stopped_api_server import api_server_stopped
from tests.support.workloads import with_pods
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_HOST = "pandaserver-doma"
_CLUSTERS = {"doma": "panda-pair-a", "doma-2": "panda-pair-b"}
_WORKERS = 2


@dataclass(frozen=True)
class Pair:
    """The stacks `doma` and `doma-2` of one project, each with a cluster of its own in one cloud."""

    stacks: dict[str, Workspace]
    cloud: OpenStackBed

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.stacks["doma"].environment(), **self.cloud.environment()}

    def up(self, stack: str, *arguments: str) -> tuple[str, ...]:
        """Deploy a stack; what it changed."""
        done = self.stacks[stack].unattended("up", "--json", *arguments, environment=self.cloud.environment())
        assert done.code == 0, done.text
        return tuple(changes(done.stdout))

    def failover(self, command: Command, *more: str, code: int) -> str:
        """A command of the page; what it prints."""
        words = (*command.words[3:], *more, "--wait", "120")
        done = run_in(self.stacks["doma"].folder, self.environment(), *words)
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return " ".join(done.output.split())

    def aliases(self) -> dict[str, list[int]]:
        """The numbers of the host's alias on the workers of each stack."""
        return numbers(self.cloud, _HOST, _CLUSTERS)

    def running(self, stack: str) -> list[str]:
        """The Deployments and StatefulSets of a stack that have pods, less what takes dead nodes out of service."""
        return [name for name in with_pods(self.api(stack), "panda") if name != NODE_RECOVERY]

    def api(self, stack: str) -> Api:
        file = self.stacks[stack].folder / f"kubeconfig-{stack}"
        file.touch(mode=0o600)
        file.write_text(kubeconfig_in(resources_of(self.stacks[stack])))
        return Api(file)

    def cluster(self, stack: str) -> Any:
        magnum = self.cloud.connection().container_infrastructure_management
        (found,) = (one for one in magnum.clusters() if one.name == _CLUSTERS[stack])
        return found

    @contextmanager
    def lost(self, stack: str) -> Iterator[None]:
        """Nothing of a stack's cluster answers for a while; its servers are still listed by the cloud."""
        api = self.api(stack)
        with api_server_stopped(self.cloud.settings.clusters / self.cluster(stack).uuid / NAME):
            yield
        waiting.until(lambda: answers(api), "the lost cluster's return", 60)

    def settled(self) -> None:
        """Refuse a pair in which the next `pulumi up` would change anything."""
        assert {stack: self.up(stack) for stack in self.stacks} == dict.fromkeys(self.stacks, ())


def answers(api: Api) -> bool:
    try:
        api.get("/version")
    except BedError:
        return False
    return True


@pytest.fixture(scope="module")
def pair(cloud: OpenStackBed, bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    file = REPOSITORY / "Pulumi.doma.yaml"
    whole = overridden(file, {})
    components = {name: dict(whole[f"{PROJECT}:components"][name]) for name in ("msgsvc", "panda")}
    for each in components.values():
        each.pop("chart", None)  # pins builds that the bed's registry has not
    document = site.filled(
        file,
        {
            f"{PROJECT}:cluster": described(whole[f"{PROJECT}:cluster"], "doma"),
            f"{PROJECT}:charts": {"kind": "oci", "repository": bed.chart_repository},
            f"{PROJECT}:components": components,
            f"{PROJECT}:hosts": {"panda": f"{_HOST}.cern.ch"},
            f"{PROJECT}:lifecycle": {"protect": False},
        },
    )
    document.pop(f"{PROJECT}:site", None)  # which brings more components
    secrets = revealed(stand_ins(site.configuration(document)))
    document[f"{PROJECT}:standby"] = {"of": "doma", "by": "doma-2"}
    first = Workspace(tmp_path_factory.mktemp("pair") / "site", "doma")
    first.create(document)
    second = Workspace(first.folder, "doma-2")
    other = document | {
        f"{PROJECT}:cluster": described(document[f"{PROJECT}:cluster"], "doma-2") | {"aliasOffset": _WORKERS}
    }
    second.stack_file.write_text(fast_yaml.dump({"config": other}))
    assert second.pulumi("stack", "init", second.stack, "--no-select").code == 0
    for stack in (first, second):
        stack.encrypt(f"{PROJECT}:secrets", secrets)
    made = Pair({"doma": first, "doma-2": second}, cloud)
    yield made
    for stack in (second, first):
        gone = stack.unattended("destroy", environment=cloud.environment())
        assert gone.code == 0, gone.text
    assert not list(cloud.connection().compute.servers())
    assert not list(cloud.connection().compute.keypairs())
    assert not list(cloud.connection().container_infrastructure_management.clusters())


def described(cluster: dict[str, Any], stack: str) -> dict[str, Any]:
    """DOMA's cluster, small and under another name."""
    name = _CLUSTERS[stack]
    small = {"nodeCount": _WORKERS, "flavor": "m2.large", "masterFlavor": "m2.medium"}
    return cluster | small | {"name": name, "keypair": name, "publicKey": public_key()}


def test_the_active_stack_alone_has_the_aliases(pair: Pair) -> None:
    for stack in pair.stacks:
        pair.up(stack)
    pair.settled()
    assert pair.aliases() == {"doma": [1, 2], "doma-2": []}
    assert pair.running("doma")
    assert pair.running("doma-2") == []


def test_databases_of_the_site_are_waited_for_with_nothing_running(pair: Pair) -> None:
    stopped = pair.failover(documented("python -m panda_infra failover doma --to doma-2"), code=1)
    assert "databases of the site. Nothing writes to them now" in stopped
    assert "--databases-promoted" in stopped
    assert (pair.running("doma"), pair.running("doma-2")) == ([], [])
    assert pair.aliases() == {"doma": [], "doma-2": []}


def test_aliases_are_taken_from_each_node_before_another_one_gets_them(pair: Pair) -> None:
    promoted = documented("python -m panda_infra failover doma --to doma-2 --databases-promoted")
    began = time.time()
    done = pair.failover(promoted, code=3)
    assert "fence doma: done before" in done
    assert "LanDB aliases lead there" in done
    assert pair.aliases() == {"doma": [], "doma-2": [3, 4]}
    assert pair.running("doma-2")
    assert written(pair, began) == {"doma": 0, "doma-2": _WORKERS}
    pair.settled()


def written(pair: Pair, since: float) -> dict[str, int]:
    """How many servers of each stack had their metadata changed."""
    servers = {server.id: server.name for server in pair.cloud.connection().compute.servers()}
    changed = {
        identity
        for request in pair.cloud.requests(since)
        for identity in servers
        if request.method in ("POST", "PUT", "DELETE") and f"/servers/{identity}/metadata" in request.path
    }
    return {
        stack: sum(servers[each].startswith(name) for each in changed) for stack, name in _CLUSTERS.items()
    }


def test_a_lost_cluster_keeps_its_aliases_and_the_other_one_gets_numbers_of_its_own(pair: Pair) -> None:
    back = documented("python -m panda_infra failover doma-2 --to doma")
    fenced = documented(
        "python -m panda_infra failover doma --to doma-2 --fenced", {"doma --to doma-2": "doma-2 --to doma"}
    )
    with pair.lost("doma-2"):
        files = {stack: each.stack_file.read_bytes() for stack, each in pair.stacks.items()}
        assert "add --fenced" in pair.failover(back, code=1)
        assert files == {stack: each.stack_file.read_bytes() for stack, each in pair.stacks.items()}
        asked = pair.failover(fenced, code=1)
        assert "--databases-promoted" in asked
        done = pair.failover(fenced, "--databases-promoted", code=3)
        assert "left out, it does not answer and was confirmed to be off" in done
        assert pair.aliases() == {"doma": [1, 2], "doma-2": [3, 4]}
        assert pair.running("doma")
    assert pair.running("doma-2"), "it came back as it was lost"


def test_a_cluster_that_comes_back_stands_by(pair: Pair) -> None:
    assert pair.up("doma-2")
    assert pair.running("doma-2") == []
    assert pair.aliases() == {"doma": [1, 2], "doma-2": []}
    pair.settled()
