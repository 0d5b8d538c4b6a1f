from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.review.preview import CLUSTER, SECRETS, STORAGE, PreviewError, read
from panda_infra.tree import Difference
from tests.support.previews import preview, printed, release, step


def test_each_resource_belongs_to_a_component_or_to_what_all_share() -> None:
    found = preview(
        release("panda", None, {}, "create"),
        step("create", "panda-infra:delivery:StackSecrets$kubernetes:core/v1:Secret", "panda-envs", None, {}),
        step("create", "kubernetes:core/v1:PersistentVolumeClaim", "shared-logs", None, {}),
        step("create", "kubernetes:core/v1:Namespace", "namespace", None, {}),
        step("create", "panda-infra:cluster:Magnum$panda-infra:index:Cluster", "cluster", None, {}),
    )
    assert [each.owner for each in found.steps] == ["panda", SECRETS, STORAGE, STORAGE, CLUSTER]


def test_groups_of_resources_and_what_stays_are_no_steps() -> None:
    group = step("create", "panda-infra:delivery:Component", "panda", None, {}, custom=False)
    steps = [
        step(op, "kubernetes:core/v1:Secret", "s", {}, {}) for op in ("same", "refresh", "create-replacement")
    ]
    found = preview(group, *steps, same=3)
    assert (found.steps, found.unchanged) == ((), 3)


@pytest.mark.parametrize(
    ("op", "action"),
    [
        ("create", "created"),
        ("import", "created"),
        ("update", "changed"),
        ("replace", "replaced"),
        ("delete", "deleted"),
    ],
)
def test_operations_have_plain_names(op: str, action: str) -> None:
    assert preview(step(op, "kubernetes:core/v1:Secret", "s", {}, {})).steps[0].action == action


def test_a_masked_value_that_changes_is_reported_without_its_keys() -> None:
    masked = {"data": "[secret]", "type": "Opaque"}
    found = preview(
        step("update", "kubernetes:core/v1:Secret", "s", masked, masked, keys=["data.password", "type"])
    )
    assert found.steps[0].differences() == (Difference("data", "[secret]", "[secret]"),)


def test_errors_name_their_resource_and_keep_to_themselves_what_left_the_plan() -> None:
    text = json.dumps(
        {
            "steps": [],
            "diagnostics": [
                {"severity": "error", "urn": "urn:x::panda", "message": "error: no such chart\n"},
                {
                    "severity": "error",
                    "message": "resource r violates plan: properties changed: ~~data[{&{hush",
                },
                {"severity": "info", "message": "fine"},
            ],
        }
    )
    assert read(text).errors == ("panda: no such chart", "resource r violates plan in data")


def test_what_was_said_of_a_resource_goes_with_its_step() -> None:
    drifted = json.loads(printed(release("msgsvc", {}, {})))
    urn = drifted["steps"][0]["urn"]
    words = "release panda-msgsvc has drifted: restores what\n  Deployment broker is missing"
    said = [("warning", urn, f"warning: {words}\n"), ("warning", "urn:x::y", "no"), ("info", urn, "no")]
    drifted["diagnostics"] = [
        {"severity": kind, "urn": of, "message": text} for kind, of, text in [*said, said[0]]
    ]
    [step] = read(json.dumps(drifted)).steps
    assert step.notes == (words,)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"steps": 1}', '{"steps": [{}]}', "null"])
def test_what_is_no_preview_is_refused_in_words(text: str) -> None:
    with pytest.raises(PreviewError, match="pulumi preview --json"):
        read(text)


@given(st.text())
def test_no_text_ends_in_a_traceback(text: str) -> None:
    with suppress(PreviewError):
        read(text)


def test_an_empty_preview_is_one() -> None:
    assert read(printed()).steps == ()
