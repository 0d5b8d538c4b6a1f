"""The sections of a developer's stack, from those of its parent."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from panda_infra.config.load import Loaded, from_pulumi
from panda_infra.config.stack import StackConfig
from panda_infra.developers.names import name_of
from panda_infra.developers.request import Charts, NewImage, Request
from panda_infra.developers.sections import sections
from panda_infra.errors import PandaInfraError
from panda_infra.rules.judge import judge_given
from tests.support.stack_files import SAMPLES
from tests.support.stacks import sections as of_local

_ALICE = name_of("alice")
_LAST = date(2099, 12, 31)
_MAGNUM = {
    "kind": "magnum",
    "name": "shared",
    "cloud": "cern",
    "template": "t",
    "keypair": "k",
    "flavor": "f",
    "masterFlavor": "f",
}


def parent(**overrides: Any) -> Loaded:
    given = of_local(**overrides)
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    return from_pulumi("theirs", {f"panda-infra:{key}": text for key, text in texts.items()}, ())


def made(asked: Request, **overrides: Any) -> dict[str, Any]:
    return sections(_ALICE, parent(**overrides), asked)


def request(**changes: Any) -> Request:
    return Request(_LAST, **{"user": "alice", **changes})


@pytest.mark.parametrize("stack", SAMPLES.stacks)
def test_every_sample_makes_a_stack_that_breaks_no_rule(stack: str) -> None:
    config = StackConfig.model_validate_json(json.dumps(sections(_ALICE, SAMPLES.load(stack), request())))
    problems = judge_given(config, stack="dev-alice", folder=SAMPLES.folder)
    assert [problem for problem in problems if not problem.awaits_site] == []
    assert config.developer
    assert config.developer.parent == stack
    assert not config.lifecycle.protect


def test_it_has_names_of_its_own() -> None:
    found = made(request(), hosts={"panda": "panda.localhost", "ui": "ui.localhost"})
    assert (found["namespace"], found["affix"]) == ("dev-alice", "-alice")
    assert found["hosts"] == {"panda": "alice-panda.localhost", "ui": "alice-ui.localhost"}
    assert found["lifecycle"] == {"protect": False, "expires": "2099-12-31"}


def test_the_parent_says_how_hosts_are_called_and_what_is_allowed() -> None:
    developers = {"hosts": "{name}.{host}", "days": 3, "quota": {"cpu": "2"}, "ingressNamespaces": ["edge"]}
    found = made(request(), hosts={"panda": "panda.localhost"}, developers=developers)
    assert found["hosts"] == {"panda": "alice.panda.localhost"}
    assert found["developer"] == {
        "parent": "theirs",
        "user": "alice",
        "quota": {"cpu": "2"},
        "ingressNamespaces": ["edge"],
    }


def test_components_come_with_what_they_need_alone() -> None:
    found = made(request(components=["bigmon"]), hosts={"panda": "panda.localhost", "idds": "idds.localhost"})
    assert set(found["components"]) == {"msgsvc", "panda", "bigmon"}
    assert found["hosts"] == {"panda": "alice-panda.localhost"}


def test_a_database_elsewhere_is_not_shared() -> None:
    panda = {"postgres": {"enabled": False}, "settings": {"port": 8080, "database": {"host": "db.cern.ch"}}}
    found = made(request(components=["panda"]), components={"msgsvc": {}, "panda": panda})
    assert found["components"]["panda"]["settings"] == {"port": 8080}
    assert "enabled" not in found["components"]["panda"]["postgres"]


@pytest.mark.parametrize(("components", "own"), [(["iam"], True), (["iam", "iam-db"], False)])
def test_iam_has_its_own_database_unless_it_has_another_one(components: list[str], own: bool) -> None:
    found = made(request(components=components))
    assert (found["components"]["iam"].get("mariadb") == {"enabled": True}) == own


def test_what_is_there_once_in_a_cluster_and_names_of_releases_stay_with_the_parent() -> None:
    panda = {
        "nodeRecovery": True,
        "release": "theirs",
        "server": {"replicas": 7, "volumes": {"logs": {"size": "9Ti"}}},
    }
    found = made(request(components=["panda"]), components={"msgsvc": {}, "panda": panda})["components"][
        "panda"
    ]
    assert found.keys().isdisjoint({"nodeRecovery", "release"})
    assert found["server"].keys() == {"resources"}


def test_it_reserves_little() -> None:
    found = made(request(components=["idds"]))["components"]["idds"]["rest"]["resources"]
    assert found["requests"] == {"cpu": "250m", "memory": "1Gi"}


def test_images_and_charts_are_those_of_the_developer() -> None:
    images = [NewImage("panda", "server", "ghcr.io/me/panda-server", "my-feature")]
    charts = Charts("https://github.com/me/x.git", "0" * 40, "my-feature")
    found = made(request(images=images, charts=charts))
    assert found["components"]["panda"]["server"]["image"] == {
        "repository": "ghcr.io/me/panda-server",
        "tag": "my-feature",
    }
    assert found["charts"] == {
        "kind": "git",
        "url": "https://github.com/me/x.git",
        "revision": "0" * 40,
        "branch": "my-feature",
        "path": "helm",
    }


def test_an_image_of_what_is_not_deployed_is_refused() -> None:
    images = [NewImage("ui", "frontend", "a/b")]
    with pytest.raises(PandaInfraError, match="the stack has no ui"):
        made(request(components=["panda"], images=images))


def test_the_parents_iam_issues_the_tokens_of_a_stack_without_one() -> None:
    hosts = {"panda": "panda.localhost", "iam": "iam.localhost"}
    assert made(request(components=["panda"]), hosts=hosts)["auth"] == {"issuer": "https://iam.localhost"}
    assert "auth" not in made(request(), hosts=hosts)


def test_a_cluster_of_magnums_is_lent_by_its_stack() -> None:
    assert made(request(), experiment="doma", cluster=_MAGNUM)["cluster"] == {
        "kind": "stack",
        "stack": "theirs",
        "cloud": "cern",
        "aliasDomain": "cern.ch",
    }
    by_a_controller = {**_MAGNUM, "aliases": "controller"}
    assert made(request(), experiment="doma", cluster=by_a_controller)["cluster"] == {
        "kind": "stack",
        "stack": "theirs",
    }


def test_nothing_configures_the_ingress_controller() -> None:
    exposure = {"kind": "nginx", "className": "public", "passthrough": True, "annotations": {"a.b/c": "1"}}
    found = made(request(), exposure=exposure, hosts={"panda": "panda.localhost"})
    assert found["exposure"] == {"kind": "ingress", "className": "public"}


def test_its_pods_reach_the_api_server() -> None:
    outlet = {"network": "10.0.0.5/32", "ports": [6443]}
    asked = request().with_outlets([outlet])
    assert made(asked)["developer"]["outlets"] == [outlet]


def test_its_logs_are_on_a_small_claim_of_its_own() -> None:
    storage = {
        "class": "slow",
        "sharedLogs": {"class": "fast", "size": "2Ti", "shareId": "a", "shareAccessId": "b"},
    }
    assert made(request(), storage=storage)["storage"] == {
        "class": "slow",
        "sharedLogs": {"class": "fast", "size": "10Gi"},
    }


def test_the_argo_cd_of_the_parent_follows_the_branch() -> None:
    charts = Charts("https://github.com/me/x.git", "0" * 40, "my-feature")
    delivered = {"delivery": "argocd", "argocd": {"version": "2.13.6", "namespace": "gitops"}}
    found = made(request(charts=charts), **delivered)
    assert found["delivery"] == {"kind": "argocd", "follow": "my-feature"}
    assert found["argocd"] == {"existing": True, "namespace": "gitops"}
    assert made(request(), **delivered)["delivery"] == {"kind": "argocd"}
    assert "delivery" not in made(request(charts=charts))
