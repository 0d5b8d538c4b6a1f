"""Monitoring of a stack beside the definitions and the own admission of Prometheus' operator: it comes, stays and goes.

The tests follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from testbed import leftovers, stacks
from testbed.api import Api, ApiError, Object
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import canaries, ctao, prometheus_operator
from tests.support.own_beds import own_bed
from tests.support.prometheus_operator import COLLECTIONS

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "watched"
_RECEIVERS = {
    "webhook": True,
    "mail": {
        "to": ["operators@site.org"],
        "sender": "ctao@site.org",
        "server": "smtp.site.org:587",
        "user": "ctao",
    },
}
_MONITORING = {"kind": "prometheusOperator", "labels": {"release": "prometheus"}, "receivers": _RECEIVERS}
_CONFIG_MAPS = f"/api/v1/namespaces/{_NAMESPACE}/configmaps"


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    """A bed of its own: definitions are cluster-wide."""
    with own_bed("monitoring", prometheus_operator.PART) as made:
        yield made


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def stack(
    bed: Bed,
    before: frozenset[str],  # noqa: ARG001 - looked at first
    tmp_path_factory: pytest.TempPathFactory,
) -> Workspace:
    file = ctao.written(
        tmp_path_factory.mktemp("ctao"), **ctao.RUCIO | {"namespace": _NAMESPACE, "monitoring": _MONITORING}
    )
    return stacks.of_file(bed, file, bed.state / "stacks" / _NAMESPACE)


@pytest.fixture(scope="module")
def operator(bed: Bed) -> Iterator[None]:
    """The operator, from the second test on."""
    with prometheus_operator.running(bed):
        yield


def of_kind(api: Api, kind: str) -> list[Object]:
    return api.list(COLLECTIONS[kind].format(_NAMESPACE))


def test_a_cluster_without_the_operator_is_refused_before_anything_is_made(
    stack: Workspace, api: Api
) -> None:
    done = stack.up()
    assert done.code != 0
    assert "monitoring.kind: the cluster has no Prometheus operator" in " ".join(done.text.split())
    assert "Traceback" not in done.text
    assert not api.exists(f"/api/v1/namespaces/{_NAMESPACE}")


@pytest.mark.usefixtures("operator")
def test_the_operators_admission_takes_every_object(stack: Workspace, api: Api) -> None:
    done = stack.up()
    assert done.code == 0, done.text
    made = {kind: of_kind(api, kind) for kind in COLLECTIONS}
    assert {kind: len(each) for kind, each in made.items() if kind != "ServiceMonitor"} == {
        "PrometheusRule": 1,
        "AlertmanagerConfig": 1,
    }
    shown = {each["metadata"]["labels"]["release"] for each in made["ServiceMonitor"]}
    assert shown == {"prometheus"}
    assert len(made["ServiceMonitor"]) >= 4


@pytest.mark.usefixtures("operator")
def test_each_service_monitor_chooses_one_service_that_pods_answer(stack: Workspace, api: Api) -> None:
    services = api.list(f"/api/v1/namespaces/{_NAMESPACE}/services")
    endpoints = {
        each["metadata"]["name"]: each.get("subsets") or []
        for each in api.list(f"/api/v1/namespaces/{_NAMESPACE}/endpoints")
    }
    for monitor in of_kind(api, "ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        chosen = [
            each["metadata"]["name"]
            for each in services
            if wanted <= (each["metadata"].get("labels") or {}).items()
        ]
        assert len(chosen) == 1, (stack.stack, monitor["metadata"]["name"], chosen)
        assert endpoints[chosen[0]], chosen


@pytest.mark.usefixtures("operator")
def test_the_admission_refuses_what_prometheus_would_not_read(api: Api) -> None:
    """It is asked at all."""
    (rules,) = of_kind(api, "PrometheusRule")
    wrong: dict[str, Any] = copy.deepcopy(rules)
    wrong["metadata"] = {"name": "wrong", "namespace": _NAMESPACE}
    wrong["spec"]["groups"][0]["rules"][0]["expr"] = "up =="
    path = f"{COLLECTIONS['PrometheusRule'].format(_NAMESPACE)}?dryRun=All"
    with pytest.raises(ApiError, match="admission webhook"):
        api.create(path, wrong)


@pytest.mark.usefixtures("operator")
def test_addresses_and_passwords_of_receivers_are_in_one_secret_alone(stack: Workspace, api: Api) -> None:
    ours = canaries.values(stack.encrypted["panda-infra:secrets"])
    shown = [of_kind(api, kind) for kind in COLLECTIONS]
    texts = [*map(str, shown), str(api.list(_CONFIG_MAPS)), stack.exported_state()]
    assert [canaries.found_in(text, ours) for text in texts] == [[]] * len(texts)
    assert {"monitoring.webhookUrl", "monitoring.mailPassword"} <= ours.keys()


@pytest.mark.usefixtures("operator")
def test_up_again_changes_nothing(stack: Workspace) -> None:
    done = stack.up("--json")
    assert done.code == 0, done.text
    assert changes(done.stdout) == ()


@pytest.mark.usefixtures("operator")
def test_annotations_take_the_place_of_the_operators_objects(stack: Workspace, api: Api) -> None:
    pods = {each["metadata"]["uid"] for each in api.list(f"/api/v1/namespaces/{_NAMESPACE}/pods")}
    stack.configure({"panda-infra:monitoring": {"kind": "annotations"}})
    done = stack.up()
    assert done.code == 0, done.text
    assert [of_kind(api, kind) for kind in COLLECTIONS] == [[], [], []]
    assert "panda-infra-alerts" in {each["metadata"]["name"] for each in api.list(_CONFIG_MAPS)}
    assert {each["metadata"]["uid"] for each in api.list(f"/api/v1/namespaces/{_NAMESPACE}/pods")} == pods
    again = stack.up("--json")
    assert changes(again.stdout) == ()


@pytest.mark.usefixtures("operator")
def test_destroy_leaves_nothing(stack: Workspace, bed: Bed, before: frozenset[str]) -> None:
    done = stack.destroy()
    assert done.code == 0, done.text
    others = ("monitoring.coreos.com", "prometheus-operator-admission")
    assert [each for each in leftovers.of_cluster(bed) - before if not any(o in each for o in others)] == []
