from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from panda_infra.cli.app import app
from tests.support.documented import documented
from tests.support.previews import printed, release


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["review", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def test_the_comment_on_somebody_elses_preview(tmp_path: Path) -> None:
    preview, whole = tmp_path / "preview.json", tmp_path / "preview.md"
    preview.write_text(printed(release("bigmon", None, {}, "create")))
    told = documented(
        "python -m panda_infra review comment doma --preview-json preview.json",
        {"preview.json": str(preview)},
    )
    code, text, _ = run(*told.arguments[1:], "--whole", str(whole))
    assert code == 0
    assert "### Stack `doma`: 1 created, 0 unchanged" in text
    assert whole.read_text() in text


@pytest.mark.parametrize(("content", "told"), [(None, "cannot be read"), ("nonsense", "this is no preview")])
def test_what_is_no_preview_ends_in_words(tmp_path: Path, content: str | None, told: str) -> None:
    preview = tmp_path / "preview.json"
    if content is not None:
        preview.write_text(content)
    code, _, error = run("comment", "doma", "--preview-json", str(preview))
    assert (code, told in error) == (1, True), error


def test_without_a_kept_comment_nothing_is_posted(tmp_path: Path) -> None:
    code, _, error = run("post", "doma", "--request", "1", "--folder", str(tmp_path))
    assert code == 0
    assert "there is no preview of stack doma" in error


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
