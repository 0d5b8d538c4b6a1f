"""What a plan makes, by the names under which others could have made it."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.footprint import may_be_claim, names_inside, outside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.stacks import stack

_SHARE = {"size": "1Gi", "shareId": "share", "shareAccessId": "access"}
_CVMFS = [{"name": "atlas", "repository": "atlas.cern.ch"}]


def plan(**overrides: Any) -> Plan:
    return make_plan("demo", stack(**overrides))


def found(made: Plan) -> set[tuple[str, str, str]]:
    return {(each.path, each.key, each.release) for each in outside(made)}


def test_a_plain_stack_makes_nothing_outside_of_its_namespace() -> None:
    assert found(plan()) == set()


def test_what_is_made_outside_is_named_with_the_key_that_asks_for_it() -> None:
    made = plan(
        affix="-dev",
        storage={"class": "standard", "sharedLogs": _SHARE},
        components={
            "panda": {"nodeRecovery": True},
            "msgsvc": {},
            "harvester": {"harvester": {"cvmfs": _CVMFS}},
        },
    )
    rbac, key = "/apis/rbac.authorization.k8s.io/v1", "components.panda.nodeRecovery"
    assert found(made) == {
        ("/api/v1/persistentvolumes/panda-panda-shared-logs", "storage.sharedLogs.shareId", ""),
        (f"{rbac}/clusterroles/panda-dev-node-recovery", key, "panda-dev"),
        (f"{rbac}/clusterrolebindings/panda-dev-node-recovery", key, "panda-dev"),
        (
            "/api/v1/persistentvolumes/panda-dev-harvester-cvmfs-atlas",
            "components.harvester.harvester.cvmfs",
            "panda-dev-harvester",
        ),
    }


def test_names_inside_are_those_of_secrets_claims_and_workloads() -> None:
    names = names_inside(plan(storage={"class": "standard", "sharedLogs": {"size": "1Gi"}}))
    assert {"panda-secrets-panda-envs", "panda-shared-logs", "panda-server", "panda-msgsvc-activemq"} <= names
    assert "panda-secrets-panda-client-cas" not in names
    gateway = {"kind": "gateway", "className": "envoy", "clientCa": "-----BEGIN CERTIFICATE-----"}
    assert "panda-secrets-panda-client-cas" in names_inside(plan(exposure=gateway))


def test_secrets_that_somebody_else_provides_are_not_the_stacks() -> None:
    provided = {"panda": {"settings": {"existingSecrets": ["panda-certs"]}}, "msgsvc": {}}
    assert "panda-secrets-panda-certs" not in names_inside(plan(components=provided))
    assert "panda-secrets-panda-certs" in names_inside(plan())


def test_the_claims_of_single_pods_are_known_by_the_name_of_their_workload() -> None:
    made = plan()
    assert may_be_claim(made, "panda-server-logs-panda-server-0")
    assert may_be_claim(made, "panda-msgsvc-activemq")
    assert not may_be_claim(made, "alice-data")
    assert not may_be_claim(made, "panda-shared-logs")
