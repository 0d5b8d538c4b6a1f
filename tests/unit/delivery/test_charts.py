"""Where charts lie, and what is reported when they do not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from panda_infra.config.charts import FolderCharts, GitCharts, OciCharts
from panda_infra.delivery.charts import ChartReference, check_charts, locate
from panda_infra.plan.model import Chart

_PANDA = Chart("panda", "0.1.1")


def make_chart(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "Chart.yaml").write_text(f"name: {name}\nversion: 0.1.1\n")


def test_a_chart_in_a_registry_is_named_with_its_version() -> None:
    source = OciCharts(repository="oci://registry.test/charts")
    assert locate(source, _PANDA) == ChartReference("oci://registry.test/charts/panda", "0.1.1")


def test_another_digest_is_another_chart_to_helm() -> None:
    source = OciCharts(repository="oci://registry.test/charts")
    pinned = Chart("panda", "0.1.1", digest="sha256:" + "0" * 64)
    location = f"oci://registry.test/charts/panda@sha256:{'0' * 64}"
    assert locate(source, pinned) == ChartReference(location, "0.1.1")


def test_a_chart_in_a_folder_needs_no_version(tmp_path: Path) -> None:
    make_chart(tmp_path, "panda")
    source = FolderCharts(kind="folder", path=str(tmp_path))
    assert check_charts(source, [_PANDA]) == []
    assert locate(source, _PANDA) == ChartReference(str(tmp_path / "panda"))


def test_a_chart_that_is_not_in_the_folder(tmp_path: Path) -> None:
    source = FolderCharts(kind="folder", path=str(tmp_path))
    (problem,) = check_charts(source, [_PANDA])
    assert problem.where == "charts.path"
    assert "no chart panda" in problem.what


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PANDA_INFRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.usefixtures("cache")
def test_a_commit_of_a_git_repository_is_fetched_once(tmp_path: Path) -> None:
    fork = tmp_path / "fork"
    make_chart(fork / "helm", "panda")
    git(fork, "init", "--quiet")
    git(fork, "add", ".")
    git(fork, "commit", "--quiet", "-m", "charts")
    source = GitCharts(kind="git", url=f"file://{fork}", revision=git(fork, "rev-parse", "HEAD"))
    assert check_charts(source, [_PANDA]) == []
    assert (Path(locate(source, _PANDA).location) / "Chart.yaml").is_file()
    (fork / ".git").rename(fork / "gone")
    assert check_charts(source, [_PANDA]) == []


@pytest.mark.usefixtures("cache")
def test_a_commit_that_cannot_be_fetched(tmp_path: Path) -> None:
    source = GitCharts(kind="git", url=f"file://{tmp_path}/nothing", revision="0" * 40)
    (problem,) = check_charts(source, [_PANDA])
    assert problem.where == "charts.url"
    assert "cannot be fetched" in problem.what
