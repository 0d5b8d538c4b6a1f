from __future__ import annotations

import json

from panda_infra.plan.make import make_plan
from panda_infra.plan.serialize import described
from tests.support.stacks import EVERYTHING, stack


def test_a_plan_becomes_plain_values_by_topic() -> None:
    plan = described(make_plan("doma", stack(hosts={"panda": "panda.example"})))
    assert set(plan) == {"cluster", "components", "hosts", "secrets", "settings", "shared_claim"}
    assert json.loads(json.dumps(plan)) == plan
    assert set(plan["components"]) == set(EVERYTHING)
    assert plan["hosts"] == {"panda": "panda.example"}
    assert plan["cluster"] == {
        "kind": "existing",
        "kubeconfig": "kubeconfig",
        "context": None,
        "noRoot": False,
    }


def test_equal_plans_are_described_equally_and_others_differently() -> None:
    one = described(make_plan("doma", stack()))
    assert one == described(make_plan("doma", stack()))
    for override in (
        {"namespace": "other"},
        {"hosts": {"ui": "ui.example"}},
        {"lifecycle": {"protect": False}},
        {"components": {"msgsvc": {"settings": {"accounts": ["one"]}}}},
        {"cluster": {"kind": "existing", "kubeconfig": "another"}},
        {"charts": {"kind": "oci", "repository": "oci://another.example/charts"}},
    ):
        assert described(make_plan("doma", stack(**override))) != one, override


def test_a_value_is_reported_once() -> None:
    """What a release carries is not repeated among the settings."""
    plan = described(make_plan("doma", stack(components={"panda": {"server": {"replicas": 3}}})))
    assert plan["components"]["panda"]["values"]["server"]["replicaCount"] == 3
    assert set(plan["settings"]["components"]["panda"]) == {"settings"}


def test_no_secret_is_in_it() -> None:
    plan = described(make_plan("doma", stack(secrets={"msgsvc": {"basePassword": "hush-hush-hush"}})))
    assert "hush" not in json.dumps(plan)
