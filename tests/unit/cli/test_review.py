from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from panda_infra.cli.app import app
from panda_infra.review.comment import marker
from panda_infra.review.commits import CommitError
from panda_infra.review.compare import StackChange
from panda_infra.stacks.page import page
from tests.support import forge as forges
from tests.support.documented import documented
from tests.support.previews import printed, release
from tests.support.stack_files import SAMPLES


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["review", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def test_the_comment_on_somebody_elses_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES.folder)
    preview, whole = tmp_path / "preview.json", tmp_path / "preview.md"
    preview.write_text(printed(release("bigmon", None, {}, "create")))
    reported = documented(
        "python -m panda_infra review comment doma --preview-json preview.json",
        {"preview.json": str(preview)},
    )
    code, text, _ = run(*reported.arguments[1:], "--whole", str(whole))
    assert code == 0
    assert "### Stack `doma`: 1 created, 0 unchanged" in text
    assert whole.read_text() in text
    assert page(SAMPLES, "doma") in text


@pytest.mark.parametrize(
    ("content", "reported"), [(None, "cannot be read"), ("nonsense", "this is no preview")]
)
def test_what_is_no_preview_ends_in_words(tmp_path: Path, content: str | None, reported: str) -> None:
    preview = tmp_path / "preview.json"
    if content is not None:
        preview.write_text(content)
    code, _, error = run("comment", "doma", "--preview-json", str(preview))
    assert (code, reported in error) == (1, True), error


def test_without_a_kept_comment_nothing_is_posted(tmp_path: Path) -> None:
    code, _, error = run("post", "doma", "--request", "1", "--folder", str(tmp_path))
    assert code == 0
    assert "there is no preview of stack doma" in error


@pytest.fixture
def running_forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[forges.Content]:
    with forges.running() as content:
        for name, value in forges.github(content.url).items():
            monkeypatch.setenv(name, value)
        yield content


def test_comments_of_an_earlier_push_are_brought_up_to_date(
    running_forge: forges.Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [StackChange(name, "removed", {}, (), ()) for name in ("old", "local")]
    monkeypatch.setattr("panda_infra.cli.review.changes_between", lambda *_: gone)
    running_forge.comments[12] = [{"id": 1, "body": f"{marker('doma')}\nas previewed"}]
    code, _, reported = run("tidy", "--request", "12", "--since", "c0ffee")
    assert (code, reported) == (0, "brought up to date: old, doma\n")
    assert "no change any more" in running_forge.comments[12][0]["body"]


def test_a_commit_that_cannot_be_described_is_reported_in_every_comment(
    running_forge: forges.Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: str) -> None:
        raise CommitError("HEAD: its own code gave no Plans")

    monkeypatch.setattr("panda_infra.cli.review.changes_between", broken)
    running_forge.comments[12] = [{"id": 1, "body": f"{marker('doma')}\nas previewed"}]
    code, _, reported = run("tidy", "--request", "12", "--since", "c0ffee")
    assert (code, "its own code gave no Plans" in reported) == (1, True)
    assert "its own code gave no Plans" in running_forge.comments[12][0]["body"]


def test_without_a_review_nothing_is_applied(tmp_path: Path) -> None:
    code, _, error = run("apply", "doma", "--folder", str(tmp_path))
    assert code == 1
    assert "holds no review" in error


@pytest.mark.usefixtures("stack_file")
def test_in_a_terminal_it_names_the_cluster_and_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panda_infra.cli.review.interactive", lambda: True)
    monkeypatch.setattr("panda_infra.cli.review.apply", lambda *_: pytest.fail("it was not asked for"))
    (tmp_path / "plan.json").write_text("{}")
    result = CliRunner().invoke(app, ["review", "apply", "small", "--folder", str(tmp_path)], input="n\n")
    assert result.exit_code == 1
    assert "stack small: namespace panda of the cluster in kubeconfig" in result.stderr
    assert "Deploy there what was reviewed? [y/N]" in result.output
