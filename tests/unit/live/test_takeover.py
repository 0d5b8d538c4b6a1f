"""Who else is at work on what a stack takes over."""

from __future__ import annotations

from panda_infra.live.takeover import others_at_work, to_hand_over
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.stacks import stack
from tests.unit.adoption.conftest import NAMESPACE, Cluster
from tests.unit.adoption.test_applications import application


def plan() -> Plan:
    section = {"name": NAMESPACE, "adopt": True, "takeOver": True}
    return make_plan("mine", stack(affix="", namespace=section))


def test_applications_of_the_stacks_releases_are_refused_with_the_way_out() -> None:
    cluster = Cluster()
    cluster.applications[:] = [application("panda", "panda"), application("idds", "somebody-elses")]
    (problem,) = others_at_work(plan(), cluster)
    assert "by the Applications panda, and would undo" in problem.what
    assert "kubectl delete application panda --namespace argocd --cascade=orphan" in problem.fix
    assert others_at_work(plan(), Cluster()) == []


def test_the_record_of_the_secrets_chart_must_go_first() -> None:
    cluster = Cluster()
    assert to_hand_over(plan(), cluster) == []
    cluster.release("panda-secrets", "secrets", {})
    (problem,) = to_hand_over(plan(), cluster)
    assert "python -m panda_infra hand-over mine" in problem.fix
