"""What two systems may change has one owner: numbers of workers, settings of a controller; and what is described runs.

The name of the cluster has the word master in it, which makes no worker a master.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from panda_infra.clients.openstack.sdk import SdkOpenStack
from panda_infra.cluster.magnum.description import described
from testbed import waiting
from testbed.openstack_bed.cloud import OpenStackBed
from tests.support import fast_yaml
from tests.support.magnum import HOSTS, Stack, make, numbered

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CONTROLLER = "cern-magnum-ingress-nginx-controller"
DAEMON_SETS = "/apis/apps/v1/namespaces/kube-system/daemonsets"
SETTINGS = f"/api/v1/namespaces/kube-system/configmaps/{CONTROLLER}"
RISK = "annotations-risk-level"
NEW = {"owner", "snippetRisk", "found", "nodeCounts", "deleteAdopted", "carriers"}
"""What is in a state since things have owners."""


@pytest.fixture(scope="module")
def stack(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = make(cloud, tmp_path_factory.mktemp("stacks"), "panda-master-k8s", workers=2)
    yield made
    made.run("destroy")


def test_workers_of_a_cluster_called_master_are_workers(stack: Stack, tmp_path: Path) -> None:
    stack.up()
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2)
    nodes = stack.api(tmp_path).list("/api/v1/nodes")
    labelled = {
        one["metadata"]["name"] for one in nodes if one["metadata"]["labels"].get("role") == "ingress"
    }
    assert labelled == {stack.server("-node-0").name, stack.server("-node-1").name}


def test_a_state_of_former_times_sees_no_difference(stack: Stack) -> None:
    """One without any word about owners."""
    exported = json.loads(stack.workspace.exported_state())
    for resource in exported["deployment"]["resources"]:
        for part in ("inputs", "outputs"):
            for key in NEW & resource.get(part, {}).keys():
                del resource[part][key]
    taken = stack.workspace.pulumi("stack", "import", "--stack", "test", stdin=json.dumps(exported))
    assert taken.code == 0, taken.text
    assert stack.changes("--expect-no-changes") == {}
    assert stack.changes("--refresh") == {}


def test_snippets_are_allowed_by_their_risk_from_the_version_on_that_asks_for_it(
    stack: Stack, tmp_path: Path
) -> None:
    api, labels = stack.api(tmp_path), {"app": CONTROLLER}
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": image("1.11.5")}]},
    }
    spec = {"selector": {"matchLabels": labels}, "template": pod}
    api.create(DAEMON_SETS, {"metadata": {"name": CONTROLLER}, "spec": spec})
    assert stack.changes() == {}
    assert RISK not in api.get(SETTINGS)["data"]
    newer = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image("1.12.1")}]}}}}
    api.merge(f"{DAEMON_SETS}/{CONTROLLER}", newer)
    assert stack.changes() == dict.fromkeys(("access", "ingress-settings"), "update")
    stack.up()
    assert api.get(SETTINGS)["data"][RISK] == "Critical"
    assert stack.changes() == {}


def image(version: str) -> str:
    return f"registry.cern.ch/magnum/ingress-nginx/controller:v{version}"


def test_aliases_of_the_guides_come_by_one_key(stack: Stack) -> None:
    stack.describe(nameAliases=True)
    assert stack.changes() == {"landb-aliases": "update"}
    stack.up()
    names = [*(host.split(".")[0] for host in HOSTS), stack.name]
    names += [f"{stack.name}-{part}" for part in ("harvester", "panda", "idds", "bigmon", "server")]
    metadata = stack.server("-node-0").metadata
    carried = [text for key in ("landb-alias", "landb-alias2") for text in metadata.get(key, "").split(",")]
    assert [text for text in carried if text] == [f"{name}--load-1-" for name in names]
    stack.describe(nameAliases=None)
    stack.up()


def test_numbers_of_workers_are_left_to_an_autoscaler(stack: Stack) -> None:
    stack.describe(nodeCounts="autoscaler")
    stack.up()
    magnum, (cluster,) = stack.cloud.connection().container_infrastructure_management, stack.clusters()
    api = {"OpenStack-API-Version": "container-infra 1.9"}
    asked = magnum.post(f"/clusters/{cluster.id}/actions/resize", json={"node_count": 3}, headers=api)
    assert asked.status_code == 202
    settled(stack, workers=3)
    assert stack.changes("--refresh") == dict.fromkeys(("node-labels", "landb-aliases"), "update")
    stack.up("--refresh")
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2, node2=3)
    assert stack.changes("--refresh") == {}


def settled(stack: Stack, *, workers: int) -> None:
    waiting.until(
        lambda: stack.clusters()[0].status == "UPDATE_COMPLETE" and len(stack.aliases()) == workers + 1,
        "the autoscaler's work",
        seconds=120,
    )


def test_a_running_cluster_is_described_so_that_it_can_be_taken_over(stack: Stack, tmp_path: Path) -> None:
    with mock.patch.dict(os.environ, stack.cloud.environment()):
        section = described(SdkOpenStack(None), stack.name, cloud=None)
    assert (section["nodeCount"], section["keypair"]) == (3, stack.name)
    # The other label that was asked for, the template gives too.
    assert section["labels"] == {"ingress_controller": "nginx"}
    other = make(stack.cloud, tmp_path, stack.name, workers=1)
    other.workspace.configure({"panda-infra:cluster": fast_yaml.load(fast_yaml.dump(section))})
    reported = other.up()
    assert "is taken over as it is" in reported
    assert other.changes() == {}
    assert other.run("destroy").code == 0
    assert len(stack.clusters()) == 1


def test_destroying_leaves_nothing(stack: Stack) -> None:
    stack.destroy()
