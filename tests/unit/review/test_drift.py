from __future__ import annotations

import json

import pytest

from panda_infra.clients.forges.forge import GITHUB_LIMIT, Issue
from panda_infra.review.comment import marker
from panda_infra.review.drift import LABEL, body, drifted, next_step, title
from panda_infra.review.preview import read
from tests.support.previews import preview, printed, release, step

DRIFTED = preview(step("update", "kubernetes:core/v1:Secret", "panda-envs", {}, {"a": 1}))


def test_steps_are_drift_and_errors_alone_are_not() -> None:
    assert drifted(DRIFTED)
    assert not drifted(preview(same=3))
    assert not drifted(preview(errors=["no way into the cluster"]))


@pytest.mark.parametrize(
    ("issue", "is_drifted", "expected"),
    [
        (None, False, "leave"),
        (None, True, "open"),
        (Issue(1, "old"), True, "update"),
        (Issue(1, "text"), True, "leave"),
        (Issue(1, "text"), False, "close"),
    ],
)
def test_there_is_one_issue_while_the_drift_lasts(
    issue: Issue | None, is_drifted: bool, expected: str
) -> None:
    assert next_step(issue, is_drifted=is_drifted, text="text") == expected


def test_the_issue_is_found_again_and_says_what_to_do() -> None:
    text = body("doma", DRIFTED, GITHUB_LIMIT)
    assert text.startswith(marker("doma", LABEL))
    assert marker("doma") not in text
    assert "Secret `panda-envs` is changed" in text
    assert "doma" in title("doma")


def test_the_issue_says_what_of_a_release_has_drifted() -> None:
    drifted = json.loads(printed(release("msgsvc", {}, {})))
    what = "release panda-msgsvc has drifted:\n  Deployment broker is missing\n  Service broker is missing"
    urn = drifted["steps"][0]["urn"]
    drifted["diagnostics"] = [{"severity": "warning", "urn": urn, "message": f"warning: {what}\n"}]
    text = body("doma", read(json.dumps(drifted)), GITHUB_LIMIT)
    assert "- Release `msgsvc` is changed\n  - `release panda-msgsvc has drifted:`\n" in text
    assert "  - `Deployment broker is missing`\n  - `Service broker is missing`\n" in text


def test_the_issue_keeps_the_limit() -> None:
    many = preview(*(step("update", f"x:y:K{n}", "n" * 200, {}, {"a": "b" * 100}) for n in range(500)))
    assert len(body("doma", many, GITHUB_LIMIT).encode()) <= GITHUB_LIMIT
