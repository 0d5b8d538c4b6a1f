"""The Applications of a stack, its project, its repository and its images."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from panda_infra.argocd.applications import application, namespace_of
from panda_infra.argocd.images import image_updater
from panda_infra.argocd.project import app_project, project_name
from panda_infra.argocd.sources import chart_log_in, chart_repository, repository
from panda_infra.config.secrets import ArgoCdSecrets
from panda_infra.errors import PandaInfraError
from panda_infra.plan.argocd_names import FINALIZER
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.protection import KEEP
from tests.support import ctao
from tests.support.stacks import EVERYTHING, stack

_GIT = {
    "kind": "git",
    "url": "https://github.com/me/panda-k8s.git",
    "revision": "0123456789" * 4,
    "path": "helm",
}
_COMMIT = "0123456789" * 4


def plan(**sections: Any) -> Plan:
    given = {"delivery": "argocd", "argocd": {}, "secrets": {"hashKey": "k" * 40}, **sections}
    return make_plan("demo", stack(**given))


def made(component: str = "panda", annotations: Any = (), **sections: Any) -> dict[str, Any]:
    found = plan(**sections)
    return application(found, found.release(component), dict(annotations))


def test_one_bears_the_name_of_its_release_and_the_mark_of_its_stack() -> None:
    found = made("idds", affix="-dev", argocd={"namespace": "cd"})
    assert (found["metadata"]["name"], found["metadata"]["namespace"]) == ("panda-dev-idds", "cd")
    assert found["spec"]["source"]["helm"]["releaseName"] == "panda-dev-idds"
    assert found["metadata"]["labels"]["panda-infra/stack"] == "demo"
    assert found["metadata"]["annotations"]["panda-infra/owner"].startswith("panda-infra/demo/")
    assert found["spec"]["destination"]["namespace"] == "panda"


def test_it_has_the_values_of_the_release_and_the_hashes_of_its_pods() -> None:
    found = plan()
    release = found.release("panda")
    annotated = application(found, release, {"server": {"panda-infra/secrets-hash": "abc"}})
    values = annotated["spec"]["source"]["helm"]["valuesObject"]
    assert values["server"]["podAnnotations"] == {"panda-infra/secrets-hash": "abc"}
    del values["server"]["podAnnotations"]
    assert values == release.values


def test_it_syncs_by_itself_retries_and_leaves_alone_what_the_server_fills_in() -> None:
    spec = made()["spec"]
    assert spec["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    assert {"ServerSideApply=true", "RespectIgnoreDifferences=true"} < set(spec["syncPolicy"]["syncOptions"])
    assert spec["syncPolicy"]["retry"]["backoff"]["factor"] == 2
    assert {"group": "apps", "kind": "StatefulSet", "jsonPointers": ["/spec/volumeClaimTemplates"]} in spec[
        "ignoreDifferences"
    ]


def test_the_number_of_pods_of_an_autoscaler_is_left_alone() -> None:
    components = {"msgsvc": {}, "panda": {"server": {"replicaCounts": "autoscaler"}}}
    assert {
        "group": "apps",
        "kind": "StatefulSet",
        "name": "panda-server",
        "jsonPointers": ["/spec/replicas"],
    } in made(components=components)["spec"]["ignoreDifferences"]


@pytest.mark.parametrize(
    ("lifecycle", "cascades", "keeps"),
    [
        ({"protect": True}, False, True),
        ({"protect": False}, True, False),
        ({"protect": True, "deleteDataOf": ["panda"]}, False, False),
    ],
)
def test_a_test_stack_cascades_and_a_protected_one_keeps_its_claims(
    lifecycle: dict[str, Any], cascades: bool, keeps: bool
) -> None:
    metadata = made(lifecycle=lifecycle)["metadata"]
    assert (metadata.get("finalizers") == [FINALIZER]) == cascades
    assert (KEEP in metadata["annotations"]) == keeps


def test_charts_come_from_a_registry_a_commit_or_a_branch() -> None:
    assert (
        made(charts={"kind": "oci", "repository": "oci://registry.org/charts"})["spec"]["source"].items()
        >= {
            "repoURL": "registry.org/charts",
            "chart": "panda",
            "targetRevision": "0.1.1",
        }.items()
    )
    pinned = made(charts=_GIT)["spec"]["source"]
    assert (pinned["path"], pinned["targetRevision"]) == ("helm/panda", _COMMIT)
    followed = made(charts=_GIT, delivery={"kind": "argocd", "follow": "main"})["spec"]["source"]
    assert followed["targetRevision"] == "main"


def test_a_folder_of_this_machine_is_none_of_its_sources() -> None:
    with pytest.raises(PandaInfraError, match="cannot read a local folder"):
        repository(plan(charts={"kind": "folder", "path": "helm"}).config)


def test_the_repository_is_declared_for_this_project_alone() -> None:
    found = plan()
    metadata, data = chart_repository(found.config, project_name(found), "argocd")
    assert metadata["labels"]["argocd.argoproj.io/secret-type"] == "repository"
    assert data == {
        "url": "ghcr.io/pandawms/panda-k8s-charts",
        "type": "helm",
        "enableOCI": "true",
        "name": "panda-infra-demo",
        "project": "panda-infra-demo",
    }
    assert chart_repository(plan(charts=_GIT).config, "p", "argocd")[1] == {
        "url": _GIT["url"],
        "type": "git",
        "project": "p",
    }


def test_a_log_in_at_the_repository_is_added_whole() -> None:
    assert chart_log_in(ArgoCdSecrets()) == {}
    given = ArgoCdSecrets(charts_user=SecretStr("reader"), charts_password=SecretStr("canary"))
    assert chart_log_in(given) == {"username": "reader", "password": "canary"}


def test_the_project_is_limited_to_the_stack() -> None:
    spec = app_project(plan(), "argocd")["spec"]
    assert spec["sourceRepos"] == ["ghcr.io/pandawms/panda-k8s-charts"]
    assert [each["namespace"] for each in spec["destinations"]] == ["panda"]
    assert spec["clusterResourceWhitelist"] == [{"group": "", "kind": "PersistentVolume"}]
    allowed = {(each["group"], each["kind"]) for each in spec["namespaceResourceWhitelist"]}
    assert ("", "Secret") not in allowed
    # Without them Argo CD knows no image that runs, and the Image Updater does nothing.
    assert {("", "Pod"), ("apps", "ReplicaSet")} <= allowed


def test_roles_outside_of_the_namespace_need_a_component_that_asks_for_them() -> None:
    components = {"msgsvc": {}, "panda": {"values": {"nodeRecovery": {"enabled": True}}}}
    kinds = app_project(plan(components=components), "argocd")["spec"]["clusterResourceWhitelist"]
    assert [each["kind"] for each in kinds] == ["ClusterRole", "ClusterRoleBinding", "PersistentVolume"]


@pytest.mark.parametrize(
    ("follow", "name", "settings"),
    [
        ({"tag": "main"}, "ghcr.io/me/server:main", {"updateStrategy": "digest"}),
        ({"versions": "~1.0"}, "ghcr.io/me/server:~1.0", {"updateStrategy": "semver"}),
        (
            {"newest": r"^dev-\d+$"},
            "ghcr.io/me/server",
            {"updateStrategy": "newest-build", "allowTags": r"regexp:^dev-\d+$"},
        ),
    ],
)
def test_followed_images_are_written_for_the_image_updater(
    follow: dict[str, str], name: str, settings: dict[str, str]
) -> None:
    server = {"image": {"repository": "ghcr.io/me/server", "follow": follow}}
    found = plan(components={"msgsvc": {}, "panda": {"server": server}})
    updater = image_updater(found, found.release("panda"))
    assert updater
    (reference,) = updater["spec"]["applicationRefs"]
    assert reference["namePattern"] == "panda"
    (image,) = reference["images"]
    assert (image["imageName"], image["commonUpdateSettings"]) == (name, settings)
    assert image["manifestTargets"]["helm"] == {"name": "server.image.repository", "tag": "server.image.tag"}
    assert "annotations" not in json.dumps(reference)
    assert image_updater(found, found.release("msgsvc")) is None


def test_a_chart_without_sub_charts_has_its_image_at_the_top_of_its_values() -> None:
    server = {"image": {"tag": "36.2.0", "follow": {"versions": "~36.2"}}}
    components = {**ctao.COMPONENTS, "rucio": {"server": server}}
    given = ctao.stack(components=components, delivery="argocd", argocd={}, secrets={"hashKey": "k" * 40})
    found = make_plan("demo", given)
    release = found.release("rucio")
    made = application(found, release, {"server": {"panda-infra/secrets-hash": "abc"}})
    values = made["spec"]["source"]["helm"]["valuesObject"]
    assert values["image"]["tag"] == "36.2.0"
    assert "abc" in json.dumps(values["optional_config"]), "its pods roll when a Secret changes"
    updater = image_updater(found, release)
    assert updater
    ((image,),) = (reference["images"] for reference in updater["spec"]["applicationRefs"])
    assert image["manifestTargets"]["helm"] == {"name": "image.repository", "tag": "image.tag"}


def test_a_part_that_is_switched_off_follows_nothing() -> None:
    panda = {"postgres": {"enabled": False, "image": {"follow": {"tag": "17"}}}}
    found = plan(components={"msgsvc": {}, "panda": panda})
    assert image_updater(found, found.release("panda")) is None


def test_some_components_may_stay_with_helm() -> None:
    found = plan(delivery={"kind": "argocd", "byHelm": ["ui"]})
    assert [release.component for release in found.releases if not release.argocd] == ["ui"]
    assert {release.component for release in plan().releases if release.argocd} == set(EVERYTHING)
    assert namespace_of(found.config) == "argocd"


def test_a_chart_that_keeps_its_configuration_in_secrets_may_make_them() -> None:
    by_helm = ["rucio-db", "rucio-bootstrap", "rucio-config"]
    secrets = {"hashKey": "k" * 40}
    config = ctao.stack(secrets=secrets, delivery={"kind": "argocd", "byHelm": by_helm}, argocd={})
    spec = app_project(make_plan("ctao", config), "argocd")["spec"]
    assert {"group": "", "kind": "Secret"} in spec["namespaceResourceWhitelist"]
