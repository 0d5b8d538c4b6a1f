"""A number of pods has one owner."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.live.autoscalers import two_owners
from panda_infra.plan.make import make_plan
from tests.support.kubernetes import FakeApi, made
from tests.support.stacks import stack

SCALERS = "/apis/autoscaling/v2/namespaces/panda/horizontalpodautoscalers"


def cluster(*targets: tuple[str, str]) -> FakeApi:
    api = FakeApi()
    for kind, name in targets:
        api.add(SCALERS, made(name) | {"spec": {"scaleTargetRef": {"kind": kind, "name": name}}})
    return api


CLOSED = FakeApi(failures={SCALERS: KubernetesNotAllowedError("forbidden", status=403)})


def refused(api: FakeApi, components: dict[str, Any]) -> list[tuple[str, str]]:
    plan = make_plan("local", stack(components=components))
    return [(problem.where, problem.fix) for problem in two_owners(plan, api)]


IDDS = cluster(("StatefulSet", "panda-idds-rest"))


def test_an_autoscaler_of_what_the_program_sets_is_refused() -> None:
    [(where, fix)] = refused(IDDS, {"idds": {}})
    assert where == "components.idds.rest.replicaCounts"
    assert "`replicaCounts: autoscaler`" in fix


@pytest.mark.parametrize(
    ("api", "components"),
    [
        (IDDS, {"idds": {"rest": {"replicaCounts": "autoscaler"}}}),
        (IDDS, {"msgsvc": {}}),
        (cluster(("Deployment", "panda-idds-rest"), ("StatefulSet", "other")), {"idds": {}}),
        (cluster(), {"idds": {}}),
        (CLOSED, {"idds": {}}),
    ],
)
def test_others_are_not(api: FakeApi, components: dict[str, Any]) -> None:
    assert refused(api, components) == []


def test_what_can_have_but_one_pod_has_no_autoscaler() -> None:
    [(where, fix)] = refused(cluster(("Deployment", "panda-msgsvc-activemq")), {"msgsvc": {}})
    assert where == "components.msgsvc.activemq.replicaCounts"
    assert "Delete the autoscaler" in fix
