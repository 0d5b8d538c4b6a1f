from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.data import KEEPER
from panda_infra.review.risks import Risk, Severity, risks
from tests.support.previews import preview, release, step


def postgres(**more: Any) -> dict[str, Any]:
    return {"enabled": True, "persistentvolume": {"create": False, "class": "standard"}, **more}


def values(server: dict[str, Any] | None = None, **subs: Any) -> dict[str, Any]:
    rest = {"enabled": False}
    return {"server": server or rest, "jedi": rest, "postgres": rest, "global": {"secret": "s"}, **subs}


def reported(*steps: dict[str, Any]) -> list[tuple[Severity, str]]:
    return [(risk.severity, risk.subject) for risk in risks(preview(*steps))]


def test_one_pod_is_down_while_it_is_replaced_and_several_restart() -> None:
    one = release("panda", values({"replicaCount": 1, "image": {"tag": "1"}}), values({"replicaCount": 1}))
    assert reported(one) == [(Severity.DOWNTIME, "panda/server")]
    two = release("panda", values({"replicaCount": 2, "image": {"tag": "1"}}), values({"replicaCount": 2}))
    assert reported(two) == [(Severity.RESTART, "panda/server")]


@pytest.mark.parametrize("key", ["replicaCount", "ingress", "route", "gateway"])
def test_what_lies_beside_the_pods_restarts_none(key: str) -> None:
    assert reported(release("panda", values({key: 1}), values({key: 2}))) == []


def test_values_for_all_and_another_chart_restart_every_sub_component() -> None:
    server = {"replicaCount": 1}
    both = values(server, jedi={"replicaCount": 1})
    everything = [(Severity.DOWNTIME, "panda/jedi"), (Severity.DOWNTIME, "panda/server")]
    assert reported(release("panda", both, {**both, "global": {"secret": "t"}})) == everything
    newer = release("panda", both, both)
    newer["newState"]["inputs"]["version"] = "2.0.0"
    assert reported(newer) == everything
    longer = release("panda", both, both)
    longer["newState"]["inputs"]["timeout"] = 100
    assert reported(longer) == []


def test_a_removed_component_takes_the_claims_that_its_chart_made() -> None:
    removed = release("panda", values(postgres=postgres()), None, "delete")
    assert reported(removed) == [
        (Severity.DATA_DELETED, "panda/postgres"),
        (Severity.SERVICE_REMOVED, "panda"),
    ]


def test_a_claim_that_outlives_its_release_is_not_lost() -> None:
    removed = release("panda", values(postgres=postgres()), None, "delete")
    removed["oldState"]["inputs"]["postrender"] = KEEPER
    assert reported(removed) == [(Severity.SERVICE_REMOVED, "panda")]
    [risk] = risks(preview(removed))
    assert risk.reason.endswith("is uninstalled, its claims stay")


def test_an_adopted_claim_survives_its_component() -> None:
    off = {"enabled": False}
    adopted = {"harvester": off, "mariadb": {"persistentvolume": {"existingClaim": "mine"}}}
    assert reported(release("harvester", adopted, None, "delete")) == [
        (Severity.SERVICE_REMOVED, "harvester")
    ]


def test_switching_a_database_off_deletes_its_data() -> None:
    off = release("panda", values(postgres=postgres()), values(postgres=postgres(enabled=False)))
    assert reported(off) == [
        (Severity.DATA_DELETED, "panda/postgres"),
        (Severity.SERVICE_REMOVED, "panda/postgres"),
    ]


def test_the_worst_comes_first() -> None:
    found = reported(
        release("panda", values({"a": 1}), values({"a": 2})),
        step("delete", "kubernetes:core/v1:PersistentVolumeClaim", "panda-shared-logs", {}, None),
        step("replace", "panda-infra:index:Cluster", "cluster", {}, {}),
    )
    assert [severity for severity, _ in found] == [
        Severity.CLUSTER_REPLACED,
        Severity.DATA_DELETED,
        Severity.DOWNTIME,
    ]


def test_aliases_that_go_take_the_service_from_the_cluster() -> None:
    gone = step("delete", "panda-magnum:index:LandbAliases", "landb-aliases", {}, {})
    ((severity, subject),) = reported(gone)
    assert (severity, subject) == (Severity.SERVICE_REMOVED, "landb-aliases")


def test_another_way_into_the_cluster_makes_every_object_anew() -> None:
    assert reported(step("replace", "pulumi:providers:kubernetes", "cluster", {}, {})) == [
        (Severity.CLUSTER_REPLACED, "cluster")
    ]


def test_new_and_unknown_things_are_no_risk() -> None:
    assert (
        reported(
            release("panda", None, values({"a": 1}), "create"),
            release("somebody-elses", {"a": 1}, None, "delete"),
            step("update", "kubernetes:core/v1:Namespace", "namespace", {}, {}),
        )
        == []
    )


def test_each_risk_is_reported_once_and_in_words() -> None:
    twice = release("panda", values({"a": 1}), values({"a": 2}))
    assert risks(preview(twice, twice)) == (
        Risk(Severity.DOWNTIME, "panda/server", "its release changes and it has one pod"),
    )
    assert all(severity.title for severity in Severity)
