"""A component's change in a preview, whoever delivers it."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.data import KEEPER
from panda_infra.plan.protection import APPLICATION, KEEP
from panda_infra.review.comment import comment
from panda_infra.review.deliveries import component_steps, passed_on
from panda_infra.review.risks import Severity, risks
from tests.support.previews import preview, release, step

_SERVER = {"server": {"enabled": True, "replicaCount": 1}, "jedi": {"enabled": False}}
_WITH_DATA = {**_SERVER, "postgres": {"enabled": True, "persistentvolume": {"class": "standard"}}}


def application(
    before: dict[str, Any] | None, after: dict[str, Any] | None, op: str = "update", **metadata: Any
) -> dict[str, Any]:
    """A step of PanDA's Application with these chart values."""

    def inputs(values: dict[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        source = {"repoURL": "charts", "chart": "panda", "targetRevision": "1.0.0"}
        helm = {"releaseName": "panda-panda", "valuesObject": values}
        return {"metadata": {"name": "panda", **metadata}, "spec": {"source": {**source, "helm": helm}}}

    kind = f"panda-infra:delivery:Component${APPLICATION}"
    return step(op, kind, "panda", inputs(before), inputs(after))


def reported(*steps: dict[str, Any]) -> list[tuple[Severity, str]]:
    return [(risk.severity, risk.subject) for risk in risks(preview(*steps))]


def test_an_application_has_the_risks_of_a_release() -> None:
    newer = {**_SERVER, "server": {"enabled": True, "replicaCount": 1, "image": {"tag": "2"}}}
    assert reported(application(_SERVER, newer)) == [(Severity.DOWNTIME, "panda/server")]
    gone = (Severity.SERVICE_REMOVED, "panda")
    assert reported(application(_WITH_DATA, None, "delete")) == [
        (Severity.DATA_DELETED, "panda/postgres"),
        gone,
    ]
    assert reported(application(_WITH_DATA, None, "delete", annotations={KEEP: "true"})) == [gone]


def test_passing_from_helm_to_argo_cd_and_back_is_no_risk() -> None:
    there = [application(None, _WITH_DATA, "create"), release("panda", _WITH_DATA, None, "delete")]
    back = [release("panda", None, _WITH_DATA, "create"), application(_WITH_DATA, None, "delete")]
    for both in (there, back):
        assert reported(*both) == []
        assert passed_on(preview(*both)) == ("panda",)
        text = comment("doma", preview(*both), limit=60_000).text
        assert "**panda pass between Helm and Argo CD**" in text


def test_what_changes_while_it_passes_counts() -> None:
    newer = {**_SERVER, "server": {"enabled": True, "replicaCount": 1, "image": {"tag": "2"}}}
    both = [application(None, newer, "create"), release("panda", _SERVER, None, "delete")]
    assert reported(*both) == [(Severity.DOWNTIME, "panda/server")]


def test_a_component_that_is_only_made_or_only_removed_passes_nowhere() -> None:
    assert passed_on(preview(application(None, _SERVER, "create"))) == ()
    assert passed_on(preview(release("panda", _SERVER, None, "delete"))) == ()


def test_its_inputs_are_reported_in_the_words_of_a_release() -> None:
    (found,) = component_steps(preview(application(_SERVER, _SERVER, annotations={KEEP: "true"})))
    assert found.before["postrender"] == KEEPER
    assert (found.after["name"], found.after["version"]) == ("panda-panda", "1.0.0")
