"""Every object of Argo CD bears its owner's mark, is in its namespace, and is made in its time."""

from __future__ import annotations

from typing import Any

from panda_infra.argocd.install.objects import Installation, Read, installation
from panda_infra.plan.make import make_plan
from panda_infra.plan.ownership import MARK
from tests.support.argocd_manifests import manifests
from tests.support.stacks import stack


def made(**argocd: Any) -> Installation:
    plan = make_plan("doma", stack(argocd={"version": "2.13.6", **argocd}, secrets={"hashKey": "a-key"}))
    return installation(plan, manifests(), Read("of-the-cache", "of-all"))


def every(found: Installation) -> list[dict[str, Any]]:
    return [*found.definitions, found.namespace, *found.settings, *found.workloads]


def named(found: Installation, kind: str, name: str) -> dict[str, Any]:
    return next(each for each in every(found) if (each["kind"], each["metadata"]["name"]) == (kind, name))


def test_crds_come_first_and_workloads_last() -> None:
    found = made(host="argocd.panda.test")
    assert {each["kind"] for each in found.definitions} == {"CustomResourceDefinition"}
    assert {each["kind"] for each in found.workloads} == {"Deployment", "Ingress", "Service", "StatefulSet"}
    assert len(every(found)) == len(manifests()) + 2 - 1  # its namespace and Ingress, without the Secret


def test_each_object_names_its_owner() -> None:
    marks = {each["metadata"]["annotations"][MARK] for each in every(made(host="argocd.panda.test"))}
    assert len(marks) == 1


def test_another_namespace_is_written_wherever_it_counts() -> None:
    found = made(namespace="gitops")
    assert found.namespace["metadata"]["name"] == "gitops"
    assert named(found, "Deployment", "argocd-server")["metadata"]["namespace"] == "gitops"
    assert "namespace" not in named(found, "ClusterRole", "argocd-server")["metadata"]
    (subject,) = named(found, "ClusterRoleBinding", "argocd-server")["subjects"]
    assert subject["namespace"] == "gitops"


def test_the_secret_with_values_is_left_to_who_has_them() -> None:
    names = {each["metadata"]["name"] for each in every(made()) if each["kind"] == "Secret"}
    assert names == {"argocd-notifications-secret"}


def test_pods_roll_when_something_changes_that_they_read_at_their_start() -> None:
    found = made()
    rolling = {
        each["metadata"]["name"]: each["spec"]["template"].get("metadata")
        for each in found.workloads
        if "template" in each.get("spec", {})
    }
    assert rolling == {
        "argocd-server": {"annotations": {"panda-infra/secrets-hash": "of-all"}},
        "argocd-application-controller": {"annotations": {"panda-infra/secrets-hash": "of-the-cache"}},
        "argocd-dex-server": None,
    }


def test_without_a_host_there_is_no_ingress() -> None:
    assert not [each for each in made().workloads if each["kind"] == "Ingress"]
