"""The Argo CD of a cluster, as it is found there."""

from __future__ import annotations

from typing import Any

from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.live.argocd import ArgoCdStatus, argocd_status, look_for_existing
from panda_infra.live.argocd_users import users_of
from panda_infra.plan.argocd_names import DEFINITIONS
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.kubernetes import FakeApi, made
from tests.support.stacks import stack

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_APPS = "/apis/apps/v1/namespaces/argocd"
_GROUP = "/apis/argoproj.io/v1alpha1"
_OWN = {"version": "2.13.6", "host": "argocd.panda.test"}


def plan(**argocd: Any) -> Plan:
    return make_plan("doma", stack(argocd=argocd))


def workload(name: str, part: str, *, version: str = "2.13.6", ready: int = 1) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "argocd", "app.kubernetes.io/component": part}
    container = {"image": f"quay.io/argoproj/argocd:v{version}"}
    return {
        **made(name, namespace="argocd", labels=labels),
        "spec": {"template": {"spec": {"containers": [container]}}},
        "status": {"readyReplicas": ready} if ready else {},
    }


def cluster(**controller: Any) -> FakeApi:
    api = FakeApi()
    api.add(_DEFINITIONS, *(made(name, namespace="") for name in DEFINITIONS))
    api.add(
        f"{_APPS}/statefulsets",
        workload("argocd-application-controller", "application-controller", **controller),
    )
    api.add(f"{_APPS}/deployments", workload("argocd-server", "server"))
    return api


def test_a_stack_without_argo_cd_has_no_status_of_it() -> None:
    assert argocd_status(make_plan("doma", stack()), cluster()) is None


def test_version_address_and_pods_are_those_in_the_cluster() -> None:
    found = argocd_status(plan(**_OWN), cluster())
    assert found == ArgoCdStatus("argocd", "2.13.6", "2.13.6", "https://argocd.panda.test", pods=2, ready=2)
    assert list(found.problems("doma")) == []


def test_what_is_not_as_the_stack_file_says_is_reported() -> None:
    found = argocd_status(plan(**_OWN), cluster(version="2.13.5", ready=0))
    assert found
    assert list(found.problems("doma")) == [
        "Argo CD is of version 2.13.5, not 2.13.6: `pulumi up --stack doma` changes it",
        "Argo CD's argocd-application-controller have pods that are not ready (namespace argocd)",
    ]


def test_a_missing_one_is_reported() -> None:
    found = argocd_status(plan(**_OWN), FakeApi())
    assert found
    assert list(found.problems("doma")) == [
        "Argo CD is not in namespace argocd: `pulumi up --stack doma` installs it"
    ]


def test_the_version_of_the_cluster_is_nobodys_mistake() -> None:
    found = argocd_status(plan(existing=True), cluster(version="2.9.0"))
    assert found
    assert list(found.problems("doma")) == []


def test_an_existing_one_is_used_as_it_is() -> None:
    report = look_for_existing(plan(existing=True), cluster(version="2.9.0"))
    assert list(report.problems) == []
    assert list(report.notes) == ["Argo CD 2.9.0 in namespace argocd is used as it is"]


def test_nobody_looks_for_what_the_stack_installs() -> None:
    api = FakeApi()
    assert look_for_existing(plan(**_OWN), api).problems == ()
    assert api.calls == []


def test_an_existing_one_must_exist() -> None:
    (problem,) = look_for_existing(plan(existing=True), FakeApi()).problems
    assert problem.where == "argocd.existing"
    assert "applications.argoproj.io" in problem.what


def test_an_existing_one_must_be_in_its_namespace() -> None:
    (problem,) = look_for_existing(plan(existing=True, namespace="gitops"), cluster()).problems
    assert problem.where == "argocd.namespace"


def test_who_may_not_look_gets_a_note() -> None:
    refusal = KubernetesNotAllowedError("forbidden", status=403)
    api = FakeApi(failures={f"{_DEFINITIONS}/{DEFINITIONS[0]}": refusal})
    report = look_for_existing(plan(existing=True), api)
    assert list(report.problems) == []
    (note,) = report.notes
    assert note.startswith("whether the cluster has an Argo CD was not looked at")


def test_users_are_all_that_would_go_too() -> None:
    api = FakeApi()
    api.add(f"{_GROUP}/namespaces/argocd/appprojects", made("default", namespace="argocd"))
    assert users_of(api, "Namespace", "argocd") == []
    api.add(f"{_GROUP}/namespaces/argocd/applications", made("theirs", namespace="argocd"))
    assert users_of(api, "Namespace", "argocd") == ["argocd/theirs"]
    api.add(f"{_GROUP}/appprojects", made("default", namespace="argocd"), made("elsewhere", namespace="dev"))
    assert users_of(api, "CustomResourceDefinition", "appprojects.argoproj.io") == ["dev/elsewhere"]
    assert users_of(api, "CustomResourceDefinition", "applicationsets.argoproj.io") == []
