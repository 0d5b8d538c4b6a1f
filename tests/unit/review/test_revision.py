from __future__ import annotations

import pytest

from panda_infra.review.revision import Revision, StackPlan

REVISION = Revision(
    {"doma": StackPlan({"hosts": {"panda": "p"}}, (), {"secrets.hashKey": "a"}, {"f": "b"})},
    {"delivery": "1"},
)


def test_a_revision_survives_its_text() -> None:
    assert Revision.from_json(REVISION.to_json()).to_json() == REVISION.to_json()


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '{"format": 1}', '{"format": 1, "stacks": {"a": 1}, "program": {}}']
)
def test_what_is_no_revision_has_trouble(text: str) -> None:
    assert Revision.from_json(text).trouble


def test_another_format_is_named() -> None:
    assert Revision.from_json('{"format": 99}').trouble == "its Plans are in format 99, not 1"


def test_fingerprints_see_the_stack_and_the_program_and_no_other_stack() -> None:
    one = REVISION.fingerprint("doma")
    assert one == Revision({**REVISION.stacks, "lsst": StackPlan({})}, REVISION.program).fingerprint("doma")
    assert one != Revision(REVISION.stacks, {"delivery": "2"}).fingerprint("doma")
    assert one != Revision({"doma": StackPlan({})}, REVISION.program).fingerprint("doma")
