from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from typing_extensions import override

from panda_infra.cluster.magnum.component import Magnum
from panda_infra.cluster.magnum.keypair import MadeKeypair
from panda_infra.config.cluster import MagnumCluster
from tests.unit.cluster.magnum.test_preflight import DESCRIBED

ALIASES = ["panda-doma", "bigmon-doma"]


class Recorder(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}
        self.risk: str | None = None

    @override
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.inputs[args.typ] = args.inputs
        outputs = {"panda-magnum:index:Cluster": {"clusterId": "uuid-1"}}
        access = {"apiAddress": "https://127.0.0.1:6443", "expires": "2031-01-01", "kubeconfig": "text"}
        outputs["panda-magnum:index:ClusterAccess"] = access | (
            {"snippetRisk": self.risk} if self.risk else {}
        )
        return args.name, {**args.inputs, **outputs.get(args.typ, {})}

    @override
    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


@pytest.fixture(params=[True, False], ids=["preview", "update"])
def recorder(request: pytest.FixtureRequest) -> Recorder:
    made = Recorder()
    pulumi.runtime.set_mocks(made, project="panda-infra", stack="test", preview=request.param)
    return made


def register(
    recorder: Recorder, keypair: MadeKeypair | None = None, **changes: object
) -> dict[str, dict[str, Any]]:
    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        Magnum(
            "magnum",
            MagnumCluster.model_validate_json(json.dumps(DESCRIBED | changes)),
            aliases=ALIASES,
            owner="panda-infra/test/0123456789abcdef",
            keypair=keypair,
            protect=True,
        )

    program()
    return recorder.inputs


def test_everything_that_panda_needs_of_a_cluster(recorder: Recorder) -> None:
    inputs = register(recorder)
    assert inputs["panda-magnum:index:Cluster"]["nodeCount"] == 4
    access = inputs["panda-magnum:index:ClusterAccess"]
    assert access["clusterId"] == "uuid-1"
    assert access["configMaps"] == ["kube-system/cern-magnum-ingress-nginx-controller"]
    assert inputs["panda-magnum:index:NodeLabels"]["labels"] == {"role": "ingress"}
    assert inputs["panda-magnum:index:LandbAliases"]["aliases"] == ["panda-doma", "bigmon-doma"]
    assert inputs["kubernetes:core/v1:ConfigMapPatch"]["data"] == {"allow-snippet-annotations": "true"}
    assert inputs["pulumi:providers:kubernetes"]["clusterIdentifier"] == "uuid-1"


def test_snippets_are_allowed_by_their_risk_where_that_is_asked_for(recorder: Recorder) -> None:
    recorder.risk = "Critical"
    data = register(recorder)["kubernetes:core/v1:ConfigMapPatch"]["data"]
    assert data == {"allow-snippet-annotations": "true", "annotations-risk-level": "Critical"}


def test_a_keypair_is_made_when_the_stack_has_one(recorder: Recorder) -> None:
    keypair = "openstack:compute/keypair:Keypair"
    assert keypair not in register(recorder)
    made = register(recorder, MadeKeypair("ssh-ed25519 AAAA panda"))[keypair]
    assert made == {"name": "lxplus", "publicKey": "ssh-ed25519 AAAA panda"}


def test_all_node_groups_must_join(recorder: Recorder) -> None:
    inputs = register(recorder, nodeGroups=[{"name": "big", "flavor": "m2.3xlarge", "count": 2}])
    for kind in ("ClusterAccess", "NodeLabels", "LandbAliases"):
        assert inputs[f"panda-magnum:index:{kind}"]["workers"] == 6


def test_its_workers_get_the_aliases_with_numbers_above_the_offset(recorder: Recorder) -> None:
    aliases = register(recorder, aliasOffset=4)["panda-magnum:index:LandbAliases"]
    assert (aliases["aliases"], aliases["offset"]) == (ALIASES, 4)


def test_cerns_controller_may_write_the_aliases(recorder: Recorder) -> None:
    assert "panda-magnum:index:LandbAliases" not in register(recorder, aliases="controller")


def test_on_standby_nobody_writes_aliases(recorder: Recorder) -> None:
    assert "panda-magnum:index:LandbAliases" not in register(recorder, aliases="standby")


def test_the_number_of_workers_is_left_to_an_autoscaler(recorder: Recorder) -> None:
    inputs = register(recorder, nodeCounts="autoscaler")
    assert inputs["panda-magnum:index:NodeLabels"]["workers"] == 0
    assert inputs["panda-magnum:index:LandbAliases"]["workers"] == 0
    assert inputs["panda-magnum:index:ClusterAccess"]["workers"] == 1
