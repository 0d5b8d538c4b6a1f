from __future__ import annotations

import pytest

from panda_infra.review import notes
from panda_infra.review.comment import marked_stack


@pytest.mark.parametrize(
    "text",
    [notes.untouched("doma"), notes.removed("doma", "c0ffee"), notes.no_preview("doma", "why")],
    ids=["untouched", "removed", "no preview"],
)
def test_a_note_takes_the_place_of_the_stacks_comment(text: str) -> None:
    assert marked_stack(text) == "doma"


def test_a_removed_file_is_no_destroyed_stack() -> None:
    text = notes.removed("old", "c0ffee")
    assert "A merge destroys nothing" in text
    assert "    git switch --detach c0ffee\n    python -m panda_infra destroy old\n" in text


def test_why_there_is_no_preview_is_shown_as_it_is() -> None:
    text = notes.no_preview("doma", "no stack named `doma`\n```\n@team", "c0ffee")
    assert "of c0ffee" in text
    assert "````text\nno stack named `doma`\n```\n@team\n````" in text
