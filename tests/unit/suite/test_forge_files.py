"""Files that code forges and Renovate read have the form that they expect."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support import fast_yaml
from tools import REPOSITORY

_FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
_READ = {
    "renovate.json": "vendor.renovate",
    **{str(file.relative_to(REPOSITORY)): "vendor.github-issue-forms" for file in _FORMS},
}


@pytest.mark.parametrize(("file", "schema"), _READ.items(), ids=_READ)
def test_it_fits_the_published_schema(file: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_forges_have_the_same_templates() -> None:
    gitlab = {file.stem.lower() for file in (REPOSITORY / ".gitlab" / "issue_templates").glob("*.md")}
    assert gitlab == {file.stem for file in _FORMS}
    request = REPOSITORY / ".gitlab" / "merge_request_templates" / "Default.md"
    assert request.read_text() == (REPOSITORY / ".github" / "pull_request_template.md").read_text()


def test_commits_are_checked_as_by_make_check() -> None:
    (repository,) = fast_yaml.load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    assert [(hook["entry"], hook["language"]) for hook in repository["hooks"]] == [("make check", "system")]
