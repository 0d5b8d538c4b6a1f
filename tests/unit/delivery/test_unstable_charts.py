"""Charts whose renders differ are refused for Argo CD, with real Helm."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from panda_infra.config.charts import FolderCharts, GitCharts
from panda_infra.delivery.unstable_charts import Renders, check_renders
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.program import _check_charts
from testbed.charts import FIXTURES
from tests.support.stacks import stack
from tools.errors import ToolsError
from tools.toolchain import ensure

_CANARY = "canary-of-a-random-value"
_TEMPLATES = {
    "a password": (
        "kind: Secret\napiVersion: v1\nmetadata: {name: made-up}\n"
        f"stringData: {{password: {_CANARY}{{{{ randAlphaNum 20 }}}}}}",
        "Secret made-up",
    ),
    "the time": (
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: dated}\n"
        'data: {at: {{ now | date "15:04:05" | quote }}}',
        "ConfigMap dated",
    ),
    "the name of a hook": (
        "kind: Job\napiVersion: batch/v1\n"
        "metadata: {name: init-{{ randAlphaNum 5 | lower }}, annotations: {helm.sh/hook: post-install}}",
        "Job init-",
    ),
}


@pytest.fixture(autouse=True)
def helm(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        folder = ensure(["helm"]).path("helm").parent
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def plan(charts: Path, *components: str) -> Plan:
    source = FolderCharts(kind="folder", path=str(charts))
    made = make_plan(
        "demo",
        stack(secrets={"hashKey": "x"}).model_copy(update={"charts": source}),
    )
    releases = tuple(
        replace(each, argocd=not components or each.component in components) for each in made.releases
    )
    return replace(made, releases=releases)


def chart_of(folder: Path, template: str) -> None:
    chart = folder / "msgsvc"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: msgsvc\nversion: 0.1.1\n")
    (chart / "templates" / "it.yaml").write_text(template)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    done = subprocess.run(
        ("git", *identity, *arguments), cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(("template", "named"), _TEMPLATES.values(), ids=_TEMPLATES.keys())
def test_a_chart_that_makes_something_up_is_refused_by_the_objects_names(
    tmp_path: Path, template: str, named: str
) -> None:
    chart_of(tmp_path, template)
    (problem,) = check_renders(plan(tmp_path, "msgsvc")).problems
    assert problem.where == "components.msgsvc.chart"
    assert named in problem.what
    assert "delivery.byHelm" in problem.fix
    assert _CANARY not in json.dumps([problem.what, problem.fix])


def test_charts_that_are_rendered_alike_are_taken(pytestconfig: pytest.Config) -> None:
    checkout: Path | None = pytestconfig.getoption("--upstream-charts")
    for charts in [FIXTURES, *([checkout / "helm"] if checkout else [])]:
        assert check_renders(plan(charts)) == Renders()


def test_what_helm_delivers_is_not_rendered(tmp_path: Path) -> None:
    assert check_renders(plan(tmp_path, "none")) == Renders()


def test_it_is_said_that_nobody_has_looked_where_helm_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (note,) = check_renders(plan(FIXTURES)).notes
    assert "Helm is not on PATH" in note


def test_charts_of_git_are_fetched_before_they_are_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANDA_INFRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    template, named = _TEMPLATES["a password"]
    work = tmp_path / "site"
    chart_of(work / "helm", template)
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "charts")):
        git(work, *command)
    source = GitCharts(kind="git", url=work.as_uri(), revision=git(work, "rev-parse", "HEAD"), path="helm")
    of_git = plan(tmp_path, "msgsvc")
    config = of_git.config.model_copy(update={"charts": source})
    only = tuple(each for each in of_git.releases if each.argocd)
    (problem,) = _check_charts(replace(of_git, config=config, releases=only))
    assert named in problem.what
