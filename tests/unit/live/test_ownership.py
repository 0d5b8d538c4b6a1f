"""What of others keeps a stack from being deployed, and what of its own does not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from panda_infra.errors import Problem, shortened
from panda_infra.live.ownership import Ownership
from panda_infra.live.target import look
from panda_infra.plan.data import Deployed
from panda_infra.plan.make import make_plan
from panda_infra.plan.node_recovery import NAME as NODE_RECOVERY
from panda_infra.plan.ownership import MARK
from panda_infra.state.recorded import Recorded
from tests.support.kubernetes import FakeApi, made, record
from tests.support.stacks import stack

NAMESPACE = "/api/v1/namespaces/panda"
SECRETS, CLAIMS = f"{NAMESPACE}/secrets", f"{NAMESPACE}/persistentvolumeclaims"
ADOPT = {"name": "panda", "adopt": True}
TAKE_OVER = {**ADOPT, "takeOver": True}
ENVS = "panda-secrets-msgsvc-envs"
ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/panda-node-recovery"
RECOVERING = {"panda": {"nodeRecovery": True}, "msgsvc": {}}
ENGINE = "pulumi-resource-kubernetes"
OTHER = {MARK: "panda-infra/doma/fedcba9876543210"}
KNOWN = Recorded(
    {"msgsvc": Deployed("panda-msgsvc", {}, False, "panda")}, {("Namespace", "", "panda"): "uid-of-panda"}
)


def judged(api: FakeApi, before: Recorded = Recorded(), **sections: Any) -> Ownership:  # noqa: B008 - never changed
    config = stack(**{"components": {"msgsvc": {}}, **sections})
    secrets = config.secrets.model_copy(update={"hash_key": SecretStr("key")})
    plan = make_plan("test", config.model_copy(update={"secrets": secrets}))
    return Ownership(plan, look(plan, api), before)


def marks() -> dict[str, str]:
    return judged(FakeApi()).plan.owner.mark


def there(*, notes: dict[str, str] | None = None, **metadata: Any) -> FakeApi:
    return FakeApi({NAMESPACE: made("panda", namespace="", notes=notes, **metadata)})


def reported(found: Ownership) -> Problem:
    (problem,) = found.problems()
    return problem


def test_where_nothing_is_anything_may_be_made() -> None:
    assert list(judged(FakeApi()).problems()) == []


@pytest.mark.parametrize(
    "before", [Recorded(), Recorded(objects={("Namespace", "", "panda"): "of-another-cluster"})]
)
def test_a_namespace_of_others_is_refused_with_what_is_in_it(before: Recorded) -> None:
    api = there()
    api.add(SECRETS, made("alice-db"), record("alice"))
    api.add(CLAIMS, made("alice-data"))
    problem = reported(judged(api, before))
    assert problem.where == "namespace"
    assert problem.what == (
        "panda exists and is not this stack's: it is made by hand by kubectl-create\n"
        "it holds releases alice\nit holds Secrets alice-db\nit holds claims alice-data"
    )
    assert "e.g. `panda-infra:namespace: panda-test`" in problem.fix
    assert "`namespace: {name: panda, adopt: true}`" in problem.fix


def test_the_namespace_of_another_stack_is_refused_by_its_name() -> None:
    assert (
        "it is of stack doma of panda-infra (owner fedcba9876543210)"
        in reported(judged(there(notes=OTHER))).what
    )


def test_a_stacks_own_namespace_is_its_by_mark_or_by_the_state() -> None:
    assert list(judged(there(notes=marks())).problems()) == []
    assert list(judged(there(), KNOWN).problems()) == []  # deployed when stacks did not mark what they make


def test_a_namespace_that_is_adopted_must_be_there() -> None:
    problem = reported(judged(FakeApi(), namespace=ADOPT))
    assert "panda does not exist" in problem.what


def test_a_namespace_that_ends_is_waited_for() -> None:
    api = there(notes=marks(), deletionTimestamp="2026-01-01T00:00:00Z")
    assert "panda is being deleted" in reported(judged(api)).what


def test_an_adopted_namespace_may_hold_anything_else() -> None:
    api = there()
    api.add(SECRETS, made("alice-db"), record("alice"))
    found = judged(api, namespace=ADOPT)
    assert list(found.problems()) == []
    assert [one.name for one in found.others()] == ["alice-db"]


@pytest.mark.parametrize(
    ("path", "item", "words"),
    [
        (SECRETS, record("panda-msgsvc"), "release panda-msgsvc"),
        (SECRETS, record("panda-msgsvc", by=ENGINE), "release panda-msgsvc"),  # of another stack
        (SECRETS, made(ENVS), f"Secret {ENVS}, made by hand by kubectl-create"),
        (SECRETS, made(ENVS, notes=OTHER, by=ENGINE), f"Secret {ENVS}, of stack doma of panda-infra"),
        (
            CLAIMS,
            made("panda-msgsvc-activemq", release="bobs"),
            "PersistentVolumeClaim panda-msgsvc-activemq, of Helm release bobs in panda",
        ),
        (
            "/apis/apps/v1/namespaces/panda/deployments",
            made("panda-msgsvc-activemq"),
            "Deployment panda-msgsvc-activemq, made by hand",
        ),
    ],
)
def test_what_others_made_under_our_names_is_taken_over_only_when_reported(
    path: str, item: dict[str, Any], words: str
) -> None:
    api = there()
    api.add(path, item)
    problem = reported(judged(api, namespace=ADOPT))
    assert f"panda holds what others made under this stack's names:\n{words}" in problem.what
    assert "`namespace: {name: panda, adopt: true, takeOver: true}`" in problem.fix
    assert list(judged(api, namespace=TAKE_OVER).problems()) == []


def test_in_its_own_namespace_too_a_stack_takes_nothing_of_others() -> None:
    api = there(notes=marks())
    api.add(SECRETS, made(ENVS), record("panda-msgsvc"))
    problem = reported(judged(api, Recorded(objects=KNOWN.objects)))
    assert "release panda-msgsvc\nSecret panda-secrets-msgsvc-envs" in problem.what
    assert "`namespace: {name: panda, takeOver: true}`" in problem.fix


def test_what_a_killed_run_left_is_the_stacks() -> None:
    api = there(notes=marks())
    # Made by the engine's plugin in the stack's own namespace, before the state could record it.
    api.add(SECRETS, made(ENVS, by="pulumi-kubernetes-1f"), record("panda-msgsvc", by=ENGINE))
    assert list(judged(api, Recorded(objects=KNOWN.objects)).problems()) == []


def test_the_releases_that_the_lease_lists_are_the_stacks_in_any_namespace() -> None:
    api = there()
    api.add(SECRETS, record("panda-msgsvc", by=ENGINE))
    lease = "/apis/coordination.k8s.io/v1/namespaces/panda/leases/panda-infra-test"
    api.objects[lease] = made("panda-infra-test", notes={"panda-infra/releases": "panda-msgsvc"})
    assert list(judged(api, namespace=ADOPT).problems()) == []


def test_claims_that_a_release_left_behind_wait_for_it() -> None:
    api = there(notes=marks())
    api.add(CLAIMS, made("panda-msgsvc-activemq", release="panda-msgsvc"))
    assert list(judged(api).problems()) == []


def test_a_state_that_does_not_know_what_runs_is_the_wrong_one() -> None:
    api = there(notes=marks())
    api.add(SECRETS, record("panda-msgsvc", by=ENGINE))
    problem = reported(judged(api))
    assert "has its releases panda-msgsvc,\nof which the state that is in use knows nothing" in problem.what
    assert "PULUMI_BACKEND_URL" in problem.fix
    assert list(judged(api, namespace=TAKE_OVER).problems()) == []


def test_a_run_that_was_killed_before_its_state_was_written_goes_on() -> None:
    api = there(notes=marks())
    api.add(SECRETS, record("panda-msgsvc", by=ENGINE, status="pending-install"))
    assert list(judged(api).problems()) == []


def test_a_stack_does_not_give_away_the_namespace_that_it_made() -> None:
    problem = reported(judged(there(notes=marks()), KNOWN, namespace=ADOPT))
    assert "panda is this stack's own: with `adopt`, the engine would delete it" in problem.what


@pytest.mark.parametrize("release", ["", "panda"])
def test_objects_outside_of_the_namespace_are_never_taken(release: str) -> None:
    api = FakeApi({ROLE: made("panda-node-recovery", namespace="", release=release, of="other")})
    for namespace in ("panda", TAKE_OVER):
        api.objects |= there(notes=marks()).objects
        problem = reported(judged(api, components=RECOVERING, namespace=namespace))
        assert problem.where == "components.panda.nodeRecovery"
        assert (
            "would make ClusterRole panda-node-recovery, which exists and is not this stack's" in problem.what
        )


def test_what_our_release_has_outside_is_ours() -> None:
    api = there(notes=marks())
    api.objects[ROLE] = made("panda-node-recovery", namespace="", release="panda", of="panda")
    before = Recorded({"panda": Deployed("panda", {}, False, "panda")}, KNOWN.objects)
    assert list(judged(api, before, components=RECOVERING).problems()) == []


def test_what_serves_the_whole_cluster_is_one_problem() -> None:
    """However many objects it has; and the stack that made them goes on."""
    settings = {"confirm": "none"}
    api = there(notes=marks())
    for kind in ("clusterroles", "clusterrolebindings"):
        path = f"/apis/rbac.authorization.k8s.io/v1/{kind}/{NODE_RECOVERY}"
        api.objects[path] = made(NODE_RECOVERY, namespace="", notes=OTHER)
    problem = reported(judged(api, nodeRecovery=settings))
    assert problem.where == "nodeRecovery"
    assert "which exists and is not this stack's: it is of stack doma" in problem.what
    assert problem.fix == "One serves the whole cluster: leave this key out."
    for path in list(api.objects):
        if NODE_RECOVERY in path:
            api.objects[path] = made(NODE_RECOVERY, namespace="", notes=marks())
    assert list(judged(api, KNOWN, nodeRecovery=settings).problems()) == []


def test_many_names_are_reported_by_the_first() -> None:
    assert shortened(["a", "b"]) == "a, b"
    assert shortened([str(number) for number in range(11)]).endswith("7 and 3 more")


def test_a_second_argo_cd_is_one_problem_with_the_way_around_it() -> None:
    api = FakeApi()
    api.add("/api/v1/namespaces", made("argocd", namespace="", notes=OTHER))
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    api.add(definitions, made("applications.argoproj.io", namespace="", notes=OTHER))
    problem = reported(judged(api, argocd={"version": "2.13.6"}))
    assert problem.where == "argocd"
    assert "Namespace argocd, CustomResourceDefinition applications.argoproj.io" in problem.what
    assert "of stack doma of panda-infra (owner fedcba9876543210)" in problem.what
    assert "`argocd: {existing: true}`" in problem.fix
    assert list(judged(api, argocd={"existing": True}).problems()) == []


def test_a_stacks_own_argo_cd_is_not_in_its_way() -> None:
    api = FakeApi()
    api.add("/api/v1/namespaces", made("argocd", namespace="", notes=marks()))
    assert list(judged(api, argocd={"version": "2.13.6"}).problems()) == []


def test_a_network_policy_of_somebody_else_keeps_its_name() -> None:
    api, policies = there(), "/apis/networking.k8s.io/v1/namespaces/panda/networkpolicies"
    api.add(policies, made("panda-infra-panda-msgsvc-activemq"))
    section: dict[str, Any] = {"networkPolicies": {"kind": "standard"}}
    problem = reported(judged(api, namespace=ADOPT, **section))
    assert "NetworkPolicy panda-infra-panda-msgsvc-activemq, made by hand" in problem.what
    own = there()
    own.add(policies, made("panda-infra-panda-msgsvc-activemq", notes=marks()))
    assert list(judged(own, namespace=ADOPT, **section).problems()) == []
