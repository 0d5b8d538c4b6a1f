"""A running cluster in the words of a stack file, which then has no difference to it."""

from __future__ import annotations

import json

import pytest

from panda_infra.clients.openstack.api import ClusterSpec, NodeGroupInfo
from panda_infra.cluster.magnum.description import described
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import PandaInfraError
from tests.unit.cluster.magnum.test_preflight import NOTHING, looked
from tests.unit.provider.fakes import FakeOpenStack, World

LABELS = {"cern_enabled": "true", "panda_infra_owner": "panda-infra/other/0123456789abcdef"}


@pytest.fixture
def openstack() -> FakeOpenStack:
    made = FakeOpenStack(World())
    spec = ClusterSpec(
        "panda-doma-k8s", "id-of-kubernetes-1.29.2-2", "lxplus", "m2.xlarge", "m2.large", 3, 1, LABELS
    )
    cluster_id = made.create_cluster(spec)
    for _ in range(4):
        made.cluster(cluster_id)
    group = NodeGroupInfo("ng-a", "a", "worker", "m2.large", 2, "UPDATE_COMPLETE")
    made.world.groups[cluster_id].append(group)
    return made


def test_everything_that_magnum_knows_is_described(openstack: FakeOpenStack) -> None:
    section = described(openstack, "panda-doma-k8s", cloud="cern")
    assert section == {
        "kind": "magnum",
        "cloud": "cern",
        "name": "panda-doma-k8s",
        "adopt": True,
        "template": "kubernetes-1.29.2-2",
        "keypair": "lxplus",
        "nodeCount": 3,
        "flavor": "m2.xlarge",
        "masterCount": 1,
        "masterFlavor": "m2.large",
        "labels": {"cern_enabled": "true"},
        "nodeGroups": [{"name": "a", "flavor": "m2.large", "count": 2}],
    }
    judged = MagnumCluster.model_validate_json(json.dumps(section))
    assert not looked(judged, openstack, recorded=NOTHING).problems


@pytest.mark.parametrize(("name", "reported"), [("none", "no clusters called none")])
def test_there_must_be_exactly_one(openstack: FakeOpenStack, name: str, reported: str) -> None:
    with pytest.raises(PandaInfraError, match=reported):
        described(openstack, name, cloud=None)
