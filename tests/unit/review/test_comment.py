"""Each preview of ``PREVIEWS`` has its comment in ``golden/``; ``GOLDEN=write`` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.clients.forges.forge import GITHUB_LIMIT
from panda_infra.review.comment import Comment, comment, marker
from panda_infra.review.preview import Preview
from tests.support.previews import preview, release, step

GOLDEN = Path(__file__).parent / "golden"
_MASKED = {"data": "[secret]"}
_REST = {"postgres": {"enabled": False}}

PREVIEWS = {
    "nothing": preview(same=57),
    "first": preview(
        step("create", "pulumi:providers:kubernetes", "cluster", None, {}),
        step("create", "kubernetes:core/v1:Namespace", "namespace", None, {}),
        release("msgsvc", None, {"activemq": {"enabled": True}}, "create"),
    ),
    "mixed": preview(
        step(
            "update",
            "kubernetes:core/v1:Secret",
            "panda-envs",
            _MASKED,
            _MASKED,
            keys=["data.PANDA_PASSWORD"],
        ),
        release(
            "panda",
            {
                "server": {"replicaCount": 1, "image": {"tag": "0.6.1"}},
                "jedi": {"replicaCount": 2, "cpu": "1"},
            },
            {
                "server": {"replicaCount": 1, "image": {"tag": "0.6.2"}},
                "jedi": {"replicaCount": 2, "cpu": "2"},
            },
        ),
        release("msgsvc", {"activemq": {"persistentvolume": {"class": "standard"}}}, None, "delete"),
        release("bigmon", None, {"main": {}}, "create"),
        step("replace", "panda-magnum:index:Cluster", "cluster", {"template": "1.33"}, {"template": "1.34"}),
        same=40,
    ),
    "failed": preview(same=3, errors=["components.panda.server.replicas: 0 is too small\n      Write 1."]),
    "markup": preview(
        step(
            "update",
            "kubernetes:core/v1:Namespace",
            "namespace",
            {},
            {"labels": {"a": "`x` <b> @team\n| # h"}},
        )
    ),
}


@pytest.mark.parametrize("name", PREVIEWS)
def test_comments_are_as_their_golden_files(name: str) -> None:
    text = comment("doma", PREVIEWS[name], limit=GITHUB_LIMIT, commit="c0ffee").text
    file = GOLDEN / f"{name}.md"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def large() -> Preview:
    return preview(
        release("panda", {**_REST, "server": {"a": 1}}, {**_REST, "server": {"a": 2}}),
        *(
            step("update", f"x:y:Kind{n}", f"thing-{n}", {"a": "b" * 100}, {"a": f"é{n}" * 30})
            for n in range(700)
        ),
    )


def written(limit: int) -> Comment:
    return comment("doma", large(), limit=limit)


@pytest.mark.parametrize("limit", [2_000, 10_000, GITHUB_LIMIT])
def test_a_long_comment_is_cut_and_tells_so(limit: int) -> None:
    text = written(limit).text
    assert len(text.encode()) <= limit
    assert text.startswith(marker("doma"))
    assert "Down while its only pod is replaced" in text
    assert "in the whole text" in text
    assert "thing-699" not in text
    assert "thing-699" in written(limit).whole


def test_what_fits_is_not_cut() -> None:
    both = written(1_000_000)
    assert both.text == both.whole


def test_the_page_of_the_stack_comes_last_and_is_cut_first() -> None:
    page = "# doma\n\n| pods |\n"
    small = preview(step("create", "x:y:Z", "z", None, {}))
    whole = comment("doma", small, limit=GITHUB_LIMIT, page=page)
    assert whole.text.endswith(f"<summary>the stack as a whole</summary>\n\n{page}\n</details>\n")
    short = comment("doma", small, limit=len(whole.text.encode()) - 1, page=page)
    assert page not in short.text
    assert "`z` is created" in short.text
    assert page in short.whole


def test_markers_tell_stacks_and_topics_apart() -> None:
    assert len({marker("doma"), marker("lsst"), marker("lsst-prod"), marker("doma", "drift")}) == 4
    assert not marker("lsst-prod").startswith(marker("lsst"))


@given(st.text(), st.text())
def test_no_value_breaks_out_of_its_place(before: str, after: str) -> None:
    lines = comment(
        "doma", preview(step("update", "x:y:Z", "z", {"a": before}, {"a": after})), limit=GITHUB_LIMIT
    ).text.splitlines()
    assert sum(line.startswith("<details>") for line in lines) == 1
    assert sum(marker("doma") in line for line in lines) == 1
