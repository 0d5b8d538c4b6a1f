"""A Magnum cluster with the real engine and real OpenStack services, and every fault that a cloud has in store.

The tests follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from panda_infra.live.access import reach
from panda_infra.plan.make import make_plan
from panda_infra.provider.kube_api import ClientKubernetes
from panda_infra.secrets.generate import revealed, stand_ins
from panda_infra.stacks.pulumi import Pulumi
from panda_infra.teardown.destroy import destroy, settled_residue
from panda_infra.teardown.residue import residue
from testbed import site, waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.openstack import bed as clouds
from testbed.openstack import offer
from testbed.openstack.cloud import OpenStackBed
from testbed.openstack.clouds import APPLICATION_CREDENTIAL
from testbed.openstack.faults import Answer
from testbed.workspace import Result, Workspace
from tests.support.stacks import stack as valid_stack
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PROGRAM = Path(__file__).with_name("magnum_program")
NAME = "panda-life-k8s"
HOSTS = ["panda-life.cern.ch", "bigmon-life.cern.ch"]
INGRESS = "/api/v1/namespaces/kube-system/configmaps/cern-magnum-ingress-nginx-controller"


@dataclass
class Stack:
    """A stack of `magnum_program` on a cloud."""

    workspace: Workspace
    cloud: OpenStackBed
    name: str

    def describe(self, **changes: Any) -> None:
        """Replace keys of the section `cluster`."""
        described = yaml.safe_load(self.workspace.stack_file.read_text())["config"]["panda-infra:cluster"]
        self.workspace.configure({"panda-infra:cluster": described | changes})

    def run(self, command: str, *arguments: str) -> Result:
        unattended = () if command == "preview" else ("--yes",)
        return self.workspace.pulumi(
            command, *unattended, "--stack", "test", *arguments, environment=self.cloud.environment()
        )

    def up(self) -> str:
        result = self.run("up")
        assert result.code == 0, result.text
        return result.text

    def fails(self, command: str = "up") -> str:
        result = self.run(command)
        assert result.code != 0, result.text
        assert "Traceback" not in result.text
        return result.text

    def changes(self, *arguments: str) -> dict[str, str]:
        """What a preview would do, by the names of the resources; what stays the same is left out."""
        result = self.run("preview", "--json", *arguments)
        assert result.code == 0, result.text
        steps = json.loads(result.stdout)["steps"]
        return {step["urn"].rsplit("::", 1)[1]: step["op"] for step in steps if step["op"] != "same"}

    def clusters(self) -> list[Any]:
        magnum = self.cloud.connection().container_infrastructure_management
        return [cluster for cluster in magnum.clusters() if cluster.name == self.name]

    def aliases(self) -> dict[str, str]:
        """What each worker carries, by the end of its name."""
        found = self.cloud.connection().compute.servers(name=f"^{self.name}-")
        return {
            server.name.rsplit("-", 2)[-2] + server.name.rsplit("-", 1)[-1]: server.metadata.get(
                "landb-alias"
            )
            for server in found
        }

    def kubeconfig(self) -> str:
        """The stack's own kubeconfig, which is nowhere but in the state."""
        shown = self.workspace.pulumi("stack", "export", "--show-secrets", "--stack", "test")
        resources = json.loads(shown.stdout)["deployment"]["resources"]
        (access,) = (one for one in resources if one["type"] == "panda-magnum:index:ClusterAccess")
        return str(json.loads(access["outputs"]["kubeconfig"]["plaintext"]))

    def api(self, folder: Path) -> Api:
        """The cluster's API, through that kubeconfig."""
        path = folder / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(self.kubeconfig())
        return Api(path)

    def written(self, method: str, path: str, since: float) -> int:
        """How many requests of that kind a service itself answered."""
        requests = self.cloud.requests(since)
        return sum(
            r.method == method and re.search(path, r.path) is not None and r.status < 400 for r in requests
        )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackBed]:
    state = tmp_path_factory.mktemp("bed")
    try:
        yield clouds.start(state)
    finally:
        clouds.stop(state)


def public_key() -> str:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def make(cloud: OpenStackBed, folder: Path, name: str, workers: int) -> Stack:
    described = {
        "kind": "magnum",
        "name": name,
        "template": offer.TEMPLATE,
        "keypair": name,
        "publicKey": public_key(),
        "nodeCount": workers,
        "flavor": "m2.large",
        "masterFlavor": "m2.medium",
        "labels": {"cern_enabled": "true", "ingress_controller": "nginx"},
    }
    workspace = Workspace(folder / name, "test")
    workspace.create({"panda-infra:cluster": described, "panda-infra:hosts": HOSTS})
    for source in PROGRAM.iterdir():
        (workspace.folder / source.name).unlink()
        (workspace.folder / source.name).symlink_to(source)
    return Stack(workspace, cloud, name)


@pytest.fixture(scope="module")
def stack(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = make(cloud, tmp_path_factory.mktemp("stacks"), NAME, workers=2)
    yield made
    made.run("destroy")


def numbered(**numbers: int | None) -> dict[str, str | None]:
    labels = [host.split(".")[0] for host in HOSTS]
    return {
        node: None if number is None else ",".join(f"{label}--load-{number}-" for label in labels)
        for node, number in numbers.items()
    }


def test_a_preview_without_a_cluster_shows_the_complete_plan(stack: Stack) -> None:
    result = stack.run("preview", "--diff")
    assert result.code == 0, result.text
    for text in (
        "openstack:compute/keypair:Keypair",
        "panda-magnum:index:Cluster",
        "(new node 2)",
        "ConfigMapPatch",
    ):
        assert text in result.text
    assert "panda-life--load-2-,bigmon-life--load-2-" in result.text
    assert not stack.clusters()


def test_the_first_up_survives_what_clouds_do(stack: Stack) -> None:
    """The 404 before Magnum has its row, server errors, rate limits, nodes that join late."""
    began = time.time()
    answers = (
        Answer(500, method="GET", path="/clusters/"),
        Answer(429, method="GET", path="/certificates/", retry_after=1),
        Answer(429, count=2, service="nova", method="POST", path="/metadata", retry_after=1),
        Answer(500, service="nova", method="POST", path="/metadata"),
    )
    with stack.cloud.faults(row_seconds=3, join_seconds=8, answers=answers):
        stack.up()
    assert stack.written("POST", r"/clusters$", began) == 1
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2)


def test_workers_are_labelled_and_the_ingress_allows_snippets(stack: Stack, tmp_path: Path) -> None:
    api = stack.api(tmp_path)
    roles = {
        node["metadata"]["name"]: node["metadata"]["labels"].get("role") for node in api.list("/api/v1/nodes")
    }
    assert {role for name, role in roles.items() if "-node-" in name} == {"ingress"}
    assert {role for name, role in roles.items() if "-master-" in name} == {None}
    settings = api.get(INGRESS)["data"]
    assert settings["allow-snippet-annotations"] == "true"
    assert settings["hide-headers"] == "Server,X-Powered-By"


def test_nothing_changes_without_a_change(stack: Stack) -> None:
    began = time.time()
    assert stack.changes("--expect-no-changes") == {}
    stack.up()
    assert stack.written("POST|PATCH|DELETE", r"/(clusters|metadata|os-keypairs)", began) == 0


def test_the_state_holds_no_key_in_the_clear(stack: Stack) -> None:
    state = stack.workspace.exported_state()
    assert "client-key-data" not in state
    assert "BEGIN" not in state.replace("BEGIN CERTIFICATE", "")


def test_scaling_happens_in_place_however_slow_heat_is(stack: Stack) -> None:
    (before,) = stack.clusters()
    stack.describe(nodeCount=4)
    assert stack.changes() == dict.fromkeys(("cluster", "access", "node-labels", "landb-aliases"), "update")
    with stack.cloud.faults(heat_seconds=3, scale_seconds=4, join_seconds=5):
        stack.up()
    assert [cluster.id for cluster in stack.clusters()] == [before.id]
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2, node2=3, node3=4)
    assert stack.changes() == {}


def test_a_second_scaling_does_not_end_on_the_first_ones_status(stack: Stack) -> None:
    stack.describe(nodeCount=5)
    with stack.cloud.faults(heat_seconds=5):
        stack.up()
    assert len(stack.aliases()) == 6
    assert stack.changes() == {}


def test_a_node_that_comes_back_under_another_name(stack: Stack) -> None:
    old = next(s.name for s in stack.cloud.connection().compute.servers() if s.name.endswith("-node-1"))
    stack.cloud.replace_server(stack.clusters()[0].id, old)
    assert stack.changes() == dict.fromkeys(("node-labels", "landb-aliases"), "update")
    stack.up()
    assert stack.aliases() == numbered(master0=None, node0=1, node5=2, node2=3, node3=4, node4=5)


def test_an_alias_removed_by_hand_is_shown_and_repaired(stack: Stack) -> None:
    compute = stack.cloud.connection().compute
    server = next(s for s in compute.servers() if s.name.endswith("-node-3"))
    compute.delete_server_metadata(server, ["landb-alias"])
    shown = stack.run("refresh", "--diff")
    assert re.search(r"- \S+-node-3: \"panda-life--load-4-", shown.text), shown.text
    assert stack.changes() == {"landb-aliases": "update"}
    trouble = (Answer(503, service="nova", path="/servers"), Answer(401, service="nova", path="/servers"))
    with stack.cloud.faults(answers=trouble):
        stack.up()
    assert stack.aliases()["node3"] == numbered(node3=4)["node3"]


def test_foreign_metadata_stays(stack: Stack) -> None:
    compute = stack.cloud.connection().compute
    server = next(s for s in compute.servers() if s.name.endswith("-node-0"))
    compute.set_server_metadata(
        server, **{"landb-alias": "other--load-9-", "landb-alias2": stack.aliases()["node0"] or ""}
    )
    assert stack.changes() == {}


@pytest.mark.parametrize(
    ("change", "alternative"),
    [
        ({"flavor": "m2.xlarge"}, "node group"),
        ({"labels": {"ingress_controller": "traefik"}}, "second cluster"),
        ({"name": "panda-other-k8s"}, "second cluster"),
    ],
)
def test_a_replacement_is_refused_before_anything_happens(
    stack: Stack, change: dict[str, Any], alternative: str
) -> None:
    good = stack.workspace.stack_file.read_text()
    began = time.time()
    stack.describe(**change)
    assert alternative in stack.fails()
    assert stack.written("POST|PUT|PATCH|DELETE", r"/(clusters|servers|os-keypairs)", began) == 0
    stack.workspace.stack_file.write_text(good)


def test_a_server_in_error_is_named_and_the_next_up_finishes(stack: Stack) -> None:
    broken = next(s.name for s in stack.cloud.connection().compute.servers() if s.name.endswith("-node-2"))
    stack.cloud.fail_server(broken)
    stack.describe(nodeCount=6)
    assert broken in stack.fails()
    stack.cloud.repair_server(broken)
    stack.up()
    assert stack.changes() == {}
    assert len(stack.aliases()) == 7


def test_another_kind_of_credential_replaces_nothing(stack: Stack) -> None:
    stack.describe(tokenHours=2)
    assert stack.changes() == {"access": "update"}
    assert "replace" not in stack.up()
    assert stack.changes() == {}
    kubeconfig = yaml.safe_load(stack.kubeconfig())
    assert kubeconfig["users"][0]["user"].keys() == {"token"}
    assert len(ClientKubernetes(kubeconfig).nodes()) == len(stack.aliases())


def test_destroying_leaves_nothing(stack: Stack) -> None:
    result = stack.run("destroy")
    assert result.code == 0, result.text
    assert not stack.clusters()
    connection = stack.cloud.connection()
    assert not list(connection.compute.servers())
    assert not list(connection.compute.keypairs())


@pytest.fixture
def failed(cloud: OpenStackBed, tmp_path: Path) -> Iterator[Stack]:
    """A stack whose cluster failed at birth."""
    made = make(cloud, tmp_path, "panda-failed-k8s", workers=1)
    with cloud.faults(create_failed="Resource CREATE failed: no valid host"):
        assert "no valid host" in made.fails()
    yield made
    made.run("destroy")
    assert not made.clusters()


def test_the_next_up_makes_a_failed_cluster_anew(failed: Stack) -> None:
    (before,) = failed.clusters()
    assert before.status == "CREATE_FAILED"
    failed.up()
    (after,) = failed.clusters()
    assert after.status == "CREATE_COMPLETE"
    assert failed.changes() == {}


def test_one_destroy_removes_a_failed_cluster(failed: Stack) -> None:
    result = failed.run("destroy")
    assert result.code == 0, result.text
    assert not failed.clusters()


def test_adopting_a_cluster_changes_nothing(cloud: OpenStackBed, tmp_path: Path) -> None:
    first = make(cloud, tmp_path / "first", "panda-adopted", workers=1)
    first.up()
    (before,) = first.clusters()
    second = make(cloud, tmp_path / "second", "panda-adopted", workers=1)
    assert "already" in second.fails()
    second.describe(adopt=True, publicKey=None)
    second.up()
    assert second.changes() == {}
    (after,) = second.clusters()
    assert (after.id, after.updated_at) == (before.id, before.updated_at)
    second.run("destroy")
    first.run("refresh")
    first.run("destroy")
    assert not first.clusters()


def test_a_cluster_that_was_deleted_by_hand_is_forgotten_and_nothing_is_left(
    cloud: OpenStackBed, tmp_path: Path
) -> None:
    made = make(cloud, tmp_path, "panda-by-hand", workers=1)
    made.up()
    described = yaml.safe_load(made.workspace.stack_file.read_text())["config"]["panda-infra:cluster"]
    hosts = {"panda": HOSTS[0]}
    config = valid_stack(cluster=described, hosts=hosts, namespace="inside", lifecycle={"protect": False})
    plan = make_plan("test", config)
    with mock.patch.dict(os.environ, made.workspace.environment() | cloud.environment()):
        assert {leftover.kind for leftover in residue(plan, reach(config))} == {
            "ConfigMap key",
            "LanDB aliases",
            "Namespace",
            "cluster",
            "keypair",
            "node label",
            "server",
        }
        (cluster,) = made.clusters()
        cloud.connection().container_infrastructure_management.delete_cluster(cluster)
        waiting.until(lambda: not made.clusters(), "the end of the cluster", seconds=60)
        access = reach(config)
        assert access.kubernetes is None
        destroy(plan, access, Pulumi("pulumi", made.workspace.folder), print)
        assert settled_residue(plan, access) == []


@pytest.fixture(scope="module")
def doma(cloud: OpenStackBed, bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack file of DOMA as it is, but under another name, unprotected, and with the bed's charts."""
    name = "panda-rehearsal"
    document = site.filled(
        REPOSITORY / "Pulumi.doma.yaml",
        {
            "panda-infra:cluster": doma_cluster()
            | {"name": name, "keypair": name, "publicKey": public_key()},
            "panda-infra:charts": {"kind": "oci", "repository": bed.chart_repository},
            "panda-infra:lifecycle": {"protect": False},
        },
    )
    for component in document["panda-infra:components"].values():
        component.pop("chart", None)  # pins builds that the bed's registry has not
    workspace = Workspace(tmp_path_factory.mktemp("doma") / name, "test")
    workspace.create(document)
    workspace.encrypt("panda-infra:secrets", revealed(stand_ins(site.configuration(document))))
    made = Stack(workspace, cloud, name)
    yield made
    made.run("destroy")


def doma_cluster() -> dict[str, Any]:
    described: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.doma.yaml").read_text())["config"]
    return dict(described["panda-infra:cluster"])


def test_doma_is_planned_completely_before_there_is_a_cluster(doma: Stack) -> None:
    planned = doma.changes()
    assert {
        "cluster",
        "access",
        "node-labels",
        "landb-aliases",
        "ingress-settings",
        "namespace",
    } <= planned.keys()
    assert {"msgsvc", "panda", "harvester", "idds", "bigmon"} <= planned.keys()
    assert set(planned.values()) == {"create"}
    assert "quota of cores: 40 more needed" in doma.run("preview").text


def test_doma_from_nothing_to_every_component_ready(doma: Stack, tmp_path: Path) -> None:
    doma.up()
    api = doma.api(tmp_path)
    pods = api.list("/api/v1/namespaces/panda/pods")
    assert pods
    for pod in pods:
        ready = {c["type"]: c["status"] for c in pod["status"]["conditions"]}
        assert ready["Ready"] == "True", pod["metadata"]["name"]
    hosts = ("pandaserver-doma", "panda-doma", "panda-idds-doma")
    assert doma.aliases()["node3"] == ",".join(f"{host}--load-4-" for host in hosts)


def test_doma_does_not_change_without_a_change(doma: Stack) -> None:
    assert doma.changes("--expect-no-changes") == {}


def test_doma_leaves_nothing(doma: Stack) -> None:
    result = doma.run("destroy")
    assert result.code == 0, result.text
    assert not doma.clusters()
    assert not list(doma.cloud.connection().compute.servers())
    assert not list(doma.cloud.connection().compute.keypairs())


def test_an_application_credential_is_refused_before_anything_happens(doma: Stack) -> None:
    began = time.time()
    doma.describe(cloud=APPLICATION_CREDENTIAL)
    text = doma.fails()
    assert "application credentials cannot create clusters" in text
    assert "nothing was changed" in text
    assert doma.written("POST", r"/(clusters|os-keypairs)$", began) == 0
