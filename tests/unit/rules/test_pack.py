"""The rules over resources, each with what it refuses and what it lets through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from panda_infra.config.delivery import Lifecycle
from panda_infra.plan.data import KEEPER
from panda_infra.plan.make import make_plan
from panda_infra.plan.protection import (
    APPLICATION,
    KEEP,
    PROTECTION,
    is_protected,
    namespace_marks,
    protection_marks,
)
from panda_infra.rules.pack import POLICIES, Resource, Stack, stack_of
from tests.support.stacks import stack

PROTECTED = Stack("panda")
TEST = Stack("panda", protect=False)
CLAIM, SECRET = "kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:core/v1:Secret"
VOLUME, NAMESPACE = "kubernetes:core/v1:PersistentVolume", "kubernetes:core/v1:Namespace"
RELEASE, CLUSTER = "kubernetes:helm.sh/v3:Release", "panda-magnum:index:Cluster"
HERE = {"metadata": {"name": "it", "namespace": "panda"}}


def broken(resource: Resource, judged: Stack = PROTECTED) -> set[str]:
    return {rule.name for rule in POLICIES if list(rule.violations(replace(resource, stack=judged)))}


def release(name: str = "bigmon", **properties: Any) -> Resource:
    return Resource(RELEASE, name, {"namespace": "panda", **properties})


@pytest.mark.parametrize("kind", [CLAIM, NAMESPACE, CLUSTER])
def test_data_is_protected(kind: str) -> None:
    assert broken(Resource(kind, "it", HERE)) == {"data-is-protected"}
    assert broken(Resource(kind, "it", HERE, protect=True)) == set()
    assert broken(Resource(kind, "it", HERE), TEST) == set()


def test_claims_with_data_outlive_their_release_unless_it_is_named() -> None:
    idds = release("idds", values={"postgres": {"enabled": True}})
    assert broken(idds) == {"data-is-protected"}
    assert broken(idds, Stack("panda", delete_data_of=("idds",))) == set()
    assert broken(idds, TEST) == set()
    assert broken(release("idds", postrender=KEEPER)) == set()
    assert broken(release("idds", postrender="cat")) == {"data-is-protected"}
    assert broken(release("ui")) == set()


def test_volumes_are_retained() -> None:
    def volume(policy: str) -> Resource:
        return Resource(VOLUME, "share", {"spec": {"persistentVolumeReclaimPolicy": policy}}, protect=True)

    assert broken(volume("Delete")) == {"volumes-are-retained"}
    assert broken(volume("Retain")) == set()
    assert broken(volume("Delete"), TEST) == set()


def test_images_are_pinned() -> None:
    moving = release(values={"main": {"image": {"tag": "latest"}}})
    assert broken(moving) == {"images-are-pinned"}
    assert broken(moving, TEST) == set()
    assert broken(moving, replace(PROTECTED, adopted=(moving.name,))) == set()


def test_charts_are_pinned() -> None:
    chart = "oci://ghcr.io/pandawms/panda-k8s-charts/bigmon"
    assert broken(release(chart=chart)) == {"charts-are-pinned"}
    assert broken(release(chart=chart, version="0.1.0")) == set()
    assert broken(release(chart="/charts/bigmon")) == set()


def test_no_secret_in_values() -> None:
    assert broken(release(values={"main": {"password": "x"}}), TEST) == {"no-secret-in-values"}


def test_objects_stay_inside_the_namespace() -> None:
    elsewhere = {"metadata": {"namespace": "default"}}
    assert broken(Resource(SECRET, "it", elsewhere)) == {"inside-the-namespace"}
    assert broken(Resource(SECRET, "it", {})) == {"inside-the-namespace"}
    assert broken(Resource(SECRET, "it", HERE)) == set()
    assert broken(Resource("kubernetes:core/v1:ConfigMapPatch", "ingress", elsewhere)) == set()
    assert broken(Resource(RELEASE, "ui", {"namespace": "default"})) == {"inside-the-namespace"}
    application = "kubernetes:argoproj.io/v1alpha1:Application"
    assert broken(Resource(application, "ui", {"spec": {"destination": {"namespace": "panda"}}})) == set()
    assert broken(Resource(application, "ui", HERE)) == {"inside-the-namespace"}


def test_applications_are_judged_like_releases() -> None:
    def application(values: dict[str, Any], revision: str = "0.1.1", **metadata: Any) -> Resource:
        source = {"chart": "panda", "targetRevision": revision, "helm": {"valuesObject": values}}
        spec = {"source": source, "destination": {"namespace": "panda"}}
        return Resource(APPLICATION, "panda", {"metadata": metadata, "spec": spec})

    data = {"postgres": {"enabled": True, "persistentvolume": {"class": "standard"}}}
    kept: dict[str, Any] = {"annotations": {KEEP: "true"}}
    assert broken(application(data)) == {"data-is-protected"}
    assert broken(application(data, **kept)) == set()
    assert broken(application(data, **kept, finalizers=["cascade"])) == {"data-is-protected"}
    assert broken(application(data), TEST) == set()
    assert broken(application({"server": {"image": {"tag": "latest"}}}, **kept)) == {"images-are-pinned"}
    assert broken(application({"server": {"password": "x"}}, **kept)) == {"no-secret-in-values"}
    assert broken(application({}, "*", **kept)) == {"charts-are-pinned"}


def test_what_applications_need_is_beside_argo_cd() -> None:
    there = {"metadata": {"namespace": "argocd"}}
    assert broken(Resource("kubernetes:argoproj.io/v1alpha1:AppProject", "p", there)) == set()
    labels = {"argocd.argoproj.io/secret-type": "repository"}
    repository = {"metadata": {"namespace": "argocd", "labels": labels}}
    assert broken(Resource(SECRET, "charts", repository)) == set()
    assert broken(Resource(SECRET, "other", there)) == {"inside-the-namespace"}


def test_objects_go_to_the_stacks_own_cluster() -> None:
    assert broken(Resource(SECRET, "it", HERE, provider="default_4_25_0")) == {"own-provider"}
    assert broken(Resource(SECRET, "it", HERE, provider="cluster")) == set()


@pytest.mark.parametrize(
    "lifecycle", [Lifecycle(), Lifecycle(protect=False), Lifecycle(delete_data_of=("idds", "ui"))]
)
def test_a_stack_says_how_it_is_protected_whoever_made_its_namespace(lifecycle: Lifecycle) -> None:
    marks = protection_marks("panda", lifecycle)
    found = stack_of([Resource(SECRET, "it"), Resource(PROTECTION, "protection", marks)])
    assert found == Stack("panda", lifecycle.protect, lifecycle.delete_data_of)


@pytest.mark.parametrize("protect", [True, False])
def test_what_is_deployed_says_whether_its_data_were_protected(protect: bool) -> None:
    lifecycle = Lifecycle(protect=protect)
    # Of a stack that an earlier version deployed, only the namespace shows it.
    namespace = {"metadata": {"name": "panda", "annotations": namespace_marks(lifecycle)}}
    assert is_protected(NAMESPACE, namespace) is protect
    assert is_protected(PROTECTION, protection_marks("panda", lifecycle)) is protect
    assert not is_protected(SECRET, namespace)


def test_a_stack_without_marks_counts_as_protected() -> None:
    assert stack_of([]).protect
    assert stack_of([Resource(NAMESPACE, "namespace", {"metadata": {"name": "panda"}})]).protect
    assert stack_of([Resource(PROTECTION, "protection")]).protect


def test_the_values_of_every_component_pass() -> None:
    plan = make_plan("demo", stack())
    for planned in plan.releases:
        made = release(planned.component, postrender=KEEPER, values=planned.values)
        assert broken(made) == set(), planned.component


def test_argo_cd_has_a_namespace_of_its_own() -> None:
    there = {"metadata": {"name": "it", "namespace": "argocd"}}
    assert broken(Resource(SECRET, "it", there)) == {"inside-the-namespace"}
    assert broken(Resource(SECRET, "it", there), Stack("panda", argocd="argocd")) == set()
    marks = protection_marks("panda", Lifecycle(), argocd="argocd")
    assert stack_of([Resource(PROTECTION, "protection", marks)]).argocd == "argocd"


def test_definitions_are_data_because_their_objects_go_with_them() -> None:
    definition = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    assert broken(Resource(definition, "it", {"metadata": {"name": "it"}})) == {"data-is-protected"}
    assert broken(Resource(definition, "it", {"metadata": {"name": "it"}}, protect=True)) == set()
