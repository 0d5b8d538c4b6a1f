"""A namespace whose rules forbid pods that read files of nodes is a problem; what was not tried is a note."""

from __future__ import annotations

import pytest

from panda_infra.clients.kubernetes.errors import (
    KubernetesError,
    KubernetesNotAllowedError,
    KubernetesNotFoundError,
)
from panda_infra.live.shipper_trial import shipper_refused
from panda_infra.plan.make import make_plan
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack

_PODS = "/api/v1/namespaces/panda/pods"
_LOGS = {"logs": {"endpoint": "https://loki.site.org/otlp"}}
_SECURITY = KubernetesNotAllowedError(
    'pods "panda-infra-logs-trial" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes',
    status=403,
)


def tried(answer: KubernetesError | None, **sections: object) -> tuple[list[str], list[str]]:
    api = FakeApi({}, {_PODS: answer} if answer else {})
    problems, notes = shipper_refused(make_plan("demo", stack(**({"monitoring": _LOGS} | sections))), api)
    return [str(each) for each in problems], notes


def test_a_namespace_that_forbids_it_is_a_problem() -> None:
    (problem,), notes = tried(_SECURITY)
    assert problem.startswith(
        "monitoring.logs: its pods would read files of the nodes, which the cluster refuses"
    )
    assert 'violates PodSecurity "baseline:latest"' in problem
    assert "remove the key" in problem
    assert notes == []


@pytest.mark.parametrize(
    "answer", [None, KubernetesNotFoundError('namespaces "panda" not found', status=404)]
)
def test_one_that_allows_it_or_is_not_there_yet_is_fine(answer: KubernetesError | None) -> None:
    assert tried(answer) == ([], [])


@pytest.mark.parametrize(
    "words",
    [
        'pods is forbidden: User "u" cannot create resource "pods"',
        "exceeded quota: pods=1",
        "error looking up service account panda/default",
    ],
)
def test_what_could_not_be_tried_is_a_note(words: str) -> None:
    problems, (note,) = tried(KubernetesNotAllowedError(words, status=403))
    assert problems == []
    assert note.startswith("monitoring.logs: whether its pods may read files of the nodes was not tried")


def test_nothing_is_tried_for_a_stack_without_logs() -> None:
    assert tried(_SECURITY, monitoring=None) == ([], [])
