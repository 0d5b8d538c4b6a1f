"""Keys of the stack file that the last run has not deployed are reported, without any secret value."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Any

from panda_infra.live.undeployed import changed_secrets, undeployed
from panda_infra.plan.data import Deployed
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.products.content import OPAQUE, SecretContent
from panda_infra.products.names import SECRET_PREFIX
from panda_infra.secrets.rolling import ANNOTATION
from panda_infra.state.recorded import Recorded
from panda_infra.tree import merged
from tests.support.stacks import stack
from tests.unit.cluster.magnum.test_preflight import DESCRIBED

HASHES = {("msgsvc", "activemq"): {ANNOTATION: "one"}}


def plan(**sections: Any) -> Plan:
    return make_plan("demo", stack(**{"components": {"msgsvc": {}}, **sections}))


def recorded(planned: Plan, digest: str = "one") -> Recorded:
    """What the engine has once a plan is deployed."""
    hashes = {"activemq": {"podAnnotations": {ANNOTATION: digest}}}
    return Recorded(
        {
            release.component: Deployed(
                release.name,
                merged(hashes, release.values) if release.component == "msgsvc" else release.values,
                keeps_claims=False,
                namespace=planned.config.namespace,
                version=release.chart.version,
            )
            for release in planned.releases
        }
    )


def test_what_is_deployed_is_not_reported() -> None:
    assert undeployed(plan(), recorded(plan()), HASHES) == []
    assert undeployed(plan(), recorded(plan()), None) == []


def test_components_that_come_and_go_are_reported() -> None:
    both = plan(components={"msgsvc": {}, "iam": {}, "iam-db": {}})
    assert undeployed(both, recorded(plan()), HASHES) == [
        "component iam-db is not deployed yet",
        "component iam is not deployed yet",
    ]
    assert "component iam is deployed, and no longer in the stack file" in undeployed(
        plan(), recorded(both), HASHES
    )


def test_values_charts_and_names_that_change_are_reported() -> None:
    before = recorded(plan())
    old = replace(before.releases["msgsvc"], name="msgsvc", version="0.0.1")
    changed = plan(components={"msgsvc": {"activemq": {"image": {"tag": "5.18"}}}})
    (reported,) = undeployed(changed, Recorded({"msgsvc": old}), HASHES)
    assert "name msgsvc -> panda-msgsvc, chart 0.0.1 -> 0.1" in reported
    assert reported.endswith("activemq.image.tag nothing -> 5.18")


def test_what_a_null_switches_off_is_not_reported_for_ever() -> None:
    """The engine keeps no nulls."""
    planned = plan(components={"msgsvc": {"values": {"activemq": {"tolerations": None}}}})
    assert planned.releases[0].values["activemq"]["tolerations"] is None
    before = recorded(plan())
    assert undeployed(planned, before, HASHES) == []


def test_changed_secrets_are_reported_by_who_reads_them() -> None:
    before = recorded(plan(), digest="two")
    assert undeployed(plan(), before, HASHES) == ["component msgsvc: other Secrets for the pods of activemq"]
    assert undeployed(plan(), before, None) == []  # nobody knows


def test_a_cluster_described_otherwise_is_reported() -> None:
    planned = plan(cluster=DESCRIBED)
    assert "cluster panda-doma-k8s is not deployed yet" in undeployed(planned, recorded(planned), HASHES)
    described = {**DESCRIBED, "nodeCounts": "program", "nodeCount": 3, "masterCount": 1, "labels": {}}
    described |= {
        "nodeGroups": [],
        "adopt": False,
        "deleteAdopted": False,
        "clusterId": "uuid",
        "complete": True,
    }
    before = replace(recorded(planned), described=described)
    assert undeployed(planned, before, HASHES) == ["cluster panda-doma-k8s: nodeCount 3 -> 4"]
    grown = plan(cluster=DESCRIBED | {"nodeCounts": "autoscaler"})
    assert undeployed(grown, before, HASHES) == ["cluster panda-doma-k8s: nodeCounts program -> autoscaler"]


def test_keys_of_secrets_that_differ_are_named_without_their_values() -> None:
    contents = {
        "msgsvc-envs": SecretContent("msgsvc-envs", OPAQUE, {"A": b"canary", "B": b"same", "C": b"new"}),
        "panda-envs": SecretContent("panda-envs", OPAQUE, {}),
    }
    data = {"A": b"old", "B": b"same", "D": b"gone", "E": b"of others"}
    live = {key: b64encode(value).decode() for key, value in data.items()}
    fields: dict[str, Any] = {"f:data": {".": {}, "f:A": {}, "f:B": {}, "f:D": {}}}
    others = {"manager": "kubectl", "fieldsV1": {"f:data": {"f:E": {}}}}
    metadata = {"managedFields": [{"manager": "pulumi-kubernetes-1234", "fieldsV1": fields}, others]}
    secret = {"metadata": metadata, "data": live}
    found = changed_secrets(plan(), contents, {f"{SECRET_PREFIX}-msgsvc-envs": secret})
    assert found == [
        "Secret panda-secrets-msgsvc-envs: A, C, D",
        "Secret panda-secrets-panda-envs is not deployed yet",
    ]
