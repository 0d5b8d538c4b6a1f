"""Placement once for all components."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.make import make_plan
from tests.support.stacks import EVERYTHING, stack


def sub_charts(**overrides: Any) -> dict[tuple[str, str], dict[str, Any]]:
    plan = make_plan("local", stack(**overrides))
    return {
        (release.component, name): values
        for release in plan.releases
        for name, values in release.values.items()
        if isinstance(values, dict)
    }


def test_nothing_is_placed_unless_the_stack_says_so() -> None:
    assert not [values for values in sub_charts().values() if values.keys() & {"tolerations", "affinity"}]


def test_services_leave_a_lost_node_early_and_databases_do_not() -> None:
    charts = sub_charts(placement={"evictAfter": 30})
    tolerant = {name: values["tolerations"] for name, values in charts.items() if "tolerations" in values}
    assert ("panda", "server") in tolerant
    assert not any(sub in ("postgres", "mariadb", "activemq") for _, sub in tolerant)
    for tolerations in tolerant.values():
        assert {t["key"] for t in tolerations} == {
            "node.kubernetes.io/not-ready",
            "node.kubernetes.io/unreachable",
        }
        assert {t["tolerationSeconds"] for t in tolerations} == {30}


def test_heavy_services_prefer_nodes_of_their_own() -> None:
    charts = sub_charts(placement={"spread": True})
    spread = {name for name, values in charts.items() if "affinity" in values}
    assert spread == {
        ("panda", "server"),
        ("panda", "jedi"),
        ("harvester", "harvester"),
        ("bigmon", "main"),
        ("idds", "rest"),
    }


def test_what_a_sub_component_says_itself_wins() -> None:
    own_toleration = {"key": "gpu", "operator": "Exists"}
    own_affinity: dict[str, Any] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}
    components: dict[str, Any] = {name: {} for name in EVERYTHING}
    components["panda"] = {"server": {"tolerations": [own_toleration], "affinity": own_affinity}}
    components["bigmon"] = {"main": {"affinity": {"nodeAffinity": {}}}}
    charts = sub_charts(components=components, placement={"evictAfter": 30, "spread": True})
    assert charts["panda", "server"]["tolerations"] == [own_toleration]
    assert charts["panda", "server"]["affinity"] == own_affinity
    assert charts["bigmon", "main"]["affinity"].keys() == {"nodeAffinity", "podAntiAffinity"}
