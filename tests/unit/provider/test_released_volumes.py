from __future__ import annotations

import pytest

from panda_infra.provider.kube_api import Volume
from tests.unit.provider.conftest import Engine
from tests.unit.provider.fakes import World
from tests.unit.provider.test_cluster import INPUTS as CLUSTER

ENDING = Volume("pvc-1", "Released", deletes=True)
KEPT = Volume("share", "Released", deletes=False)
BOUND = Volume("pvc-2", "Bound", deletes=True)


@pytest.fixture
def inputs(engine: Engine) -> dict[str, object]:
    _, state, _ = engine.up("Cluster", CLUSTER)
    return {"clusterId": state["clusterId"]}


def test_the_end_waits_for_volumes_that_go_and_for_no_others(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("ReleasedVolumes", inputs)
    assert engine.diff("ReleasedVolumes", resource_id, state, checked) == set()
    world.volumes = [[ENDING, KEPT, BOUND], [ENDING, KEPT, BOUND], [KEPT, BOUND]]
    engine.delete("ReleasedVolumes", resource_id, state)
    assert world.volumes == [[KEPT, BOUND]]
    assert "volumes of removed claims are not deleted yet: pvc-1" in engine.reported.statuses
    assert engine.reported.warnings == []


def test_a_controller_that_is_gone_does_not_keep_the_cluster(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, _ = engine.up("ReleasedVolumes", inputs)
    world.volumes = [[ENDING]]
    engine.delete("ReleasedVolumes", resource_id, state, timeout=0.05)
    (warning,) = engine.reported.warnings
    assert "pvc-1" in warning
    assert "Cinder" in warning


def test_a_cluster_that_is_gone_is_not_waited_for(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, _ = engine.up("ReleasedVolumes", inputs)
    world.clusters.clear()
    world.volumes = [[ENDING]]
    assert engine.read("ReleasedVolumes", resource_id, state)[0] == ""
    engine.delete("ReleasedVolumes", resource_id, state)
    assert engine.reported.warnings == []
