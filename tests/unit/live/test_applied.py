"""The status of components that Argo CD delivers, and whether it is ready for them."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.live.applied import look_at_argo_cd, release_statuses
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.kubernetes import MARKED, FakeApi
from tests.support.stacks import stack
from tests.unit.argocd.examples import application, resource

_GROUP = "/apis/argoproj.io/v1alpha1"
_APPLICATION = f"{_GROUP}/namespaces/argocd/applications/panda-msgsvc"
_PROJECT = f"{_GROUP}/namespaces/argocd/appprojects/panda-infra-test"
_SETTINGS = "/api/v1/namespaces/argocd/configmaps/argocd-cm"
_READY = {"data": {"application.resourceTrackingMethod": "annotation"}}


def plan(**sections: Any) -> Plan:
    given = {"delivery": "argocd", "argocd": {"existing": True}, "components": {"msgsvc": {}}, **sections}
    return make_plan("test", stack(**given))


def cluster(**objects: Any) -> FakeApi:
    """A cluster with an Argo CD that is set up well."""
    return FakeApi({_GROUP: {"resources": []}, _SETTINGS: _READY, **objects})


def reported(api: FakeApi, **sections: Any) -> list[tuple[str, str]]:
    return [(problem.where, str(problem)) for problem in look_at_argo_cd(plan(**sections), api).problems]


def test_a_synced_and_healthy_application_is_deployed_with_its_pods() -> None:
    live = application(resources=[resource("Deployment", "panda-msgsvc-activemq")])
    live["status"]["history"] = [{"id": 0}, {"id": 1}]
    deployment = "/apis/apps/v1/namespaces/panda/deployments/panda-msgsvc-activemq"
    api = cluster(
        **{_APPLICATION: live, deployment: {"spec": {"replicas": 2}, "status": {"readyReplicas": 2}}}
    )
    (found,) = release_statuses(plan(), api)
    assert (found.status, found.revision, found.ready, found.pods) == ("deployed", 2, 2, 2)
    assert found.is_healthy
    assert list(found.problems("demo")) == []


def test_one_that_is_not_tells_what_is_wrong() -> None:
    ill = [resource("StatefulSet", "x", health={"status": "Degraded", "message": "pod crashes"})]
    api = cluster(**{_APPLICATION: application(health="Degraded", resources=ill)})
    (found,) = release_statuses(plan(), api)
    assert not found.is_healthy
    words = "\n".join(found.problems("demo"))
    assert "Application panda-msgsvc is Degraded" in words
    assert "StatefulSet x is Degraded: pod crashes" in words
    (missing,) = release_statuses(plan(), cluster())
    assert "Application panda-msgsvc is not there" in next(missing.problems("demo"))


def test_a_stack_of_helm_asks_nothing_of_argo_cd() -> None:
    api = FakeApi()
    assert list(look_at_argo_cd(plan(delivery="helm"), api).problems) == []
    assert api.calls == []


def test_an_argo_cd_that_is_ready_is_fine_and_so_is_one_that_the_stack_installs() -> None:
    mine = {"kind": "Application", "metadata": {"name": "panda-msgsvc", "annotations": MARKED}}
    assert reported(cluster(**{_APPLICATION: mine})) == []
    assert reported(FakeApi(), argocd={}) == []
    assert reported(FakeApi()) == [], "that there is none is reported elsewhere"


@pytest.mark.parametrize(
    ("api", "where", "what"),
    [
        (FakeApi({_GROUP: {}, _SETTINGS: {}}), "argocd.existing", "kubectl patch configmap argocd-cm"),
        (
            cluster(**{_APPLICATION: {"kind": "Application", "metadata": {"name": "panda-msgsvc"}}}),
            "delivery",
            "Application panda-msgsvc in argocd, which is there and belongs to somebody else",
        ),
        (
            cluster(
                **{
                    _PROJECT: {
                        "kind": "AppProject",
                        "metadata": {"name": "p", "annotations": {"panda-infra/owner": "o"}},
                    }
                }
            ),
            "delivery",
            "belongs to stack o",
        ),
    ],
)
def test_an_argo_cd_that_is_not_ready_is_refused_with_the_way_out(
    api: FakeApi, where: str, what: str
) -> None:
    (found,) = reported(api)
    assert found[0] == where
    assert what in found[1]


def test_followed_images_need_the_image_updater() -> None:
    components = {"msgsvc": {"activemq": {"image": {"follow": {"versions": "~5.0"}}}}}
    ((where, text),) = reported(cluster(), components=components)
    assert where == "components"
    assert "follows images of msgsvc, but the cluster has no Image Updater" in text
    updater: dict[str, Any] = {"/apis/argocd-image-updater.argoproj.io/v1alpha1": {}}
    assert reported(cluster(**updater), components=components) == []


def test_an_image_updater_of_before_its_present_resources_is_refused() -> None:
    components = {"msgsvc": {"activemq": {"image": {"follow": {"versions": "~5.0"}, "tag": "5.0.1"}}}}
    group = "/apis/argocd-image-updater.argoproj.io/v1alpha1"

    def refused(*required: str) -> list[tuple[str, str]]:
        schema = {"properties": {"spec": {"required": [*required]}}}
        described = {"components": {"schemas": {"ImageUpdater": schema, "ImageUpdaterList": {}}}}
        return reported(cluster(**{group: {}, f"/openapi/v3{group}": described}), components=components)

    assert refused("applicationRefs") == []
    ((where, text),) = refused("applicationRefs", "namespace")
    assert where == "components"
    assert "Image Updater is too old" in text
    assert "Upgrade it to version 1.0.3, 1.1.1 or 1.2" in text
