"""What Argo CD has deployed, and how it is kept from doing so again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from panda_infra.adoption.applications import deployed, source_of
from panda_infra.adoption.installation import AdoptionError
from panda_infra.live.other_applications import applications, refusal
from tests.support import fast_yaml
from tests.unit.adoption.conftest import NAMESPACE, Cluster, EchoHelm

_COMMIT = 8 * "0123a"


def application(chart: str, name: str, revision: str | None = _COMMIT, **helm: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        },
        "spec": {
            "source": {
                "repoURL": "https://github.com/PanDAWMS/panda-k8s.git",
                "targetRevision": "main",
                "path": f"helm/{chart}",
                "helm": helm,
            },
            "destination": {"namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
        "status": {"sync": {"revision": revision}} if revision else {},
    }


@pytest.fixture
def argo() -> Cluster:
    made = Cluster()
    made.applications[:] = [application("panda", "panda"), application("msgsvc", "panda-msgsvc")]
    return made


def test_only_those_of_pandas_charts_in_the_namespace_count(argo: Cluster) -> None:
    elsewhere = application("panda", "other")
    elsewhere["spec"]["destination"]["namespace"] = "other"
    argo.applications.extend([elsewhere, application("grafana", "grafana")])
    found = applications(argo, NAMESPACE)
    assert [(each.component, each.release) for each in found] == [
        ("panda", "panda"),
        ("msgsvc", "panda-msgsvc"),
    ]
    assert applications(Cluster(), NAMESPACE) == []


def test_the_stack_takes_the_charts_of_the_commit_that_runs(argo: Cluster) -> None:
    source = source_of(applications(argo, NAMESPACE))
    assert (source.url, source.revision, source.path) == (
        "https://github.com/PanDAWMS/panda-k8s.git",
        _COMMIT,
        "helm",
    )


@pytest.mark.parametrize(
    ("revision", "words"), [(None, "do not show which commit"), (8 * "abcde", "charts of different commits")]
)
def test_charts_of_no_single_commit_must_be_named(argo: Cluster, revision: str | None, words: str) -> None:
    argo.applications[0] = application("panda", "panda", revision)
    if revision is None:
        del argo.applications[1]
    with pytest.raises(AdoptionError, match=words) as refusal:
        source_of(applications(argo, NAMESPACE))
    assert "--charts" in str(refusal.value)


def test_values_are_laid_over_each_other_as_argo_cd_does(charts: Mapping[str, Path]) -> None:
    chart = charts["msgsvc"]
    (chart / "Chart.yaml").write_text("version: 0.1.0\n")
    (chart / "values-cern.yaml").write_text(fast_yaml.dump({"activemq": {"image": {"tag": "2"}, "a": 1}}))
    parameters = [
        {"name": "activemq.image.tag", "value": "4"},
        {"name": "activemq.image.name", "value": "5", "forceString": True},
        {"name": "activemq.podAnnotations.a\\.b/c", "value": "true"},
    ]
    cluster = Cluster()
    cluster.applications[:] = [
        application(
            "msgsvc",
            "panda-msgsvc",
            valueFiles=["values.yaml", "values-cern.yaml"],
            values="activemq: {b: 2}",
            valuesObject={"activemq": {"a": 3}},
            parameters=parameters,
        )
    ]
    (found,) = applications(cluster, NAMESPACE)
    release = deployed(found, chart, EchoHelm("helm"), NAMESPACE)
    assert release.values["activemq"] == {
        "image": {"repository": "broker", "tag": 4, "name": "5"},
        "persistentvolume": {"create": True},
        "podAnnotations": {"a.b/c": True},
        "a": 3,
        "b": 2,
    }
    assert (release.version, release.recorded) == ("0.1.0", False)
    assert '"image": "broker:4"' in release.manifest


def test_a_missing_file_of_values_is_named(charts: Mapping[str, Path]) -> None:
    cluster = Cluster()
    cluster.applications[:] = [application("msgsvc", "panda-msgsvc", valueFiles=["values/values-x.yaml"])]
    (found,) = applications(cluster, NAMESPACE)
    with pytest.raises(
        AdoptionError, match=r"panda-msgsvc names a file of values that is not there.*values-x\.yaml"
    ):
        deployed(found, charts["msgsvc"], EchoHelm("helm"), NAMESPACE)


def test_the_commands_take_sync_and_finalizers_away_before_the_application(argo: Cluster) -> None:
    argo.applications[0]["metadata"]["ownerReferences"] = [{"kind": "ApplicationSet", "name": "all"}]
    words, patch, delete, *_ = refusal(applications(argo, NAMESPACE)).splitlines()
    assert "by the Applications panda, panda-msgsvc" in words
    assert "made by ApplicationSet all, which must go first" in words
    arguments = shlex.split(patch)
    assert arguments[:5] == ["kubectl", "patch", "application", "panda", "--namespace"]
    assert json.loads(arguments[-1]) == {"metadata": {"finalizers": None}, "spec": {"syncPolicy": None}}
    assert delete.strip() == "kubectl delete application panda --namespace argocd --cascade=orphan"
