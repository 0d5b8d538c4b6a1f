"""Placement once for all components."""

from __future__ import annotations

import json
from typing import Any

from panda_infra.plan.make import make_plan
from panda_infra.plan.values.placement import POD
from tests.support.panda import COMPONENTS
from tests.support.stacks import EVERYTHING, KNOWN, stack


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


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_STAY = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
# Deployments, whose pods have a successor at once, and data that two of them would spoil.
_KEPT = {("panda", "postgres"), ("idds", "postgres"), ("iam", "mariadb")}


def test_pods_leave_a_lost_node_early_where_nothing_is_written_twice() -> None:
    charts = sub_charts(placement={"evictAfter": 30})
    every = {(spec.name, sub.name) for spec in COMPONENTS.values() for sub in spec.sub_components}
    tolerant = {name: values["tolerations"] for name, values in charts.items() if "tolerations" in values}
    assert tolerant.keys() == every - _KEPT
    for tolerations in tolerant.values():
        assert [t["key"] for t in tolerations] == _STAY
        assert {(t["operator"], t["effect"], t["tolerationSeconds"]) for t in tolerations} == {
            ("Exists", "NoExecute", 30)
        }


def test_databases_stay_where_pods_of_lost_nodes_are_deleted_by_force() -> None:
    components: dict[str, Any] = {name: {} for name in KNOWN} | {"panda": {"nodeRecovery": True}}
    before = sub_charts(placement={"evictAfter": 30})
    charts = sub_charts(components=components, placement={"evictAfter": 30})
    stay = {name for name, values in charts.items() if "tolerations" not in values}
    assert stay - {name for name, values in before.items() if "tolerations" not in values} == {
        ("harvester", "mariadb"),
        ("iam-db", "mariadb"),
    }


def test_every_pod_leaves_early_where_nodes_are_recovered() -> None:
    """A database of a Deployment gets no second pod before the first is gone, whatever its settings are."""
    own: dict[str, Any] = {"podAntiAffinity": {_REQUIRED: [{"topologyKey": "mine"}]}}
    components: dict[str, Any] = {name: {} for name in EVERYTHING}
    components["panda"] = {
        "server": {"tolerations": [{"key": "gpu", "operator": "Exists"}]},
        "postgres": {"affinity": own},
    }
    charts = sub_charts(components=components, nodeRecovery={"confirm": "none"})
    every = {(spec.name, sub.name) for spec in COMPONENTS.values() for sub in spec.sub_components}
    found = {name: values["tolerations"] for name, values in charts.items() if "tolerations" in values}
    assert found.keys() == every
    for tolerations in found.values():
        reported = [each for each in tolerations if each["key"] in _STAY]
        assert [each["key"] for each in reported] == _STAY
        assert {each["tolerationSeconds"] for each in reported} == {30}
    assert charts["panda", "server"]["tolerations"][0] == {"key": "gpu", "operator": "Exists"}
    alone = {name: values["affinity"] for name, values in charts.items() if "affinity" in values}
    assert alone.keys() == _KEPT
    terms = alone["panda", "postgres"]["podAntiAffinity"][_REQUIRED]
    assert terms[0] == {"topologyKey": "mine"}
    labels = {"app.kubernetes.io/instance": "panda", "app.kubernetes.io/name": "postgres"}
    assert terms[1] == {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/os"}


def test_the_stacks_own_seconds_hold_with_node_recovery_too() -> None:
    charts = sub_charts(placement={"evictAfter": 45}, nodeRecovery={"confirm": "none"})
    reported = {
        each["tolerationSeconds"] for values in charts.values() for each in values.get("tolerations", ())
    }
    assert reported == {45}


def test_what_a_chart_takes_no_values_for_goes_by_an_annotation() -> None:
    front = {"nodeSelector": {"disk": "ssd"}, "annotations": {"mine": "x"}}
    components: dict[str, Any] = {name: {} for name in EVERYTHING} | {"ui": {"frontend": front}}
    annotations = sub_charts(components=components, placement={"evictAfter": 0})["ui", "frontend"][
        "podAnnotations"
    ]
    reported = json.loads(annotations[POD])
    assert annotations["mine"] == "x"
    assert reported["nodeSelector"] == {"disk": "ssd"}
    assert [t["tolerationSeconds"] for t in reported["tolerations"]] == [0, 0]
    assert [name for name, values in sub_charts().items() if POD in values.get("podAnnotations", {})] == []


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
