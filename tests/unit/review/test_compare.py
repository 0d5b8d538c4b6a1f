from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.review.compare import touched
from panda_infra.review.revision import Revision, StackPlan
from panda_infra.tree import Difference, differences

PLAN: dict[str, Any] = {
    "cluster": {"kind": "existing"},
    "components": {
        "panda": {"name": "panda", "values": {"server": {"replicaCount": 1}}},
        "idds": {"name": "i"},
    },
    "hosts": {"panda": "panda.example"},
}


def revision(plan: dict[str, Any] | None = None, **stack: Any) -> Revision:
    return Revision({"doma": StackPlan(plan or PLAN, **stack)}, {"delivery": "1"})


def test_equal_revisions_touch_nothing() -> None:
    assert touched(revision(), revision()) == ()


def test_components_tell_how_they_differ() -> None:
    plan = {**PLAN, "components": {"panda": {"name": "panda", "values": {}}, "ui": {"name": "u"}}}
    (change,) = touched(revision(), revision(plan))
    assert change.components == {"idds": "removed", "panda": "changed", "ui": "added"}
    assert Difference("components.ui", "(absent)", {"name": "u"}) in change.differences


def test_a_host_that_moves_is_reported_with_both_names() -> None:
    (change,) = touched(revision(), revision({**PLAN, "hosts": {"panda": "new.example"}}))
    assert change.differences == (Difference("hosts.panda", "panda.example", "new.example"),)
    assert change.components == {}


def test_a_secret_that_is_encrypted_anew_touches_its_stack_without_its_value() -> None:
    old, new = revision(encrypted={"secrets.hashKey": "a1"}), revision(encrypted={"secrets.hashKey": "b2"})
    (change,) = touched(old, new)
    assert change.differences == (Difference("encrypted.secrets.hashKey", "a1", "b2"),)


def test_a_file_that_becomes_part_of_a_secret_touches_its_stack() -> None:
    (change,) = touched(
        revision(files={"cric_jsons/sites.json": "1"}), revision(files={"cric_jsons/sites.json": "2"})
    )
    assert [each.path for each in change.differences] == ["files.cric_jsons/sites.json"]


def test_code_that_makes_resources_touches_every_stack() -> None:
    stacks = {name: StackPlan(PLAN) for name in ("doma", "lsst")}
    changes = touched(
        Revision(stacks, {"delivery": "1"}), Revision(stacks, {"delivery": "2", "cluster": "1"})
    )
    assert [change.stack for change in changes] == ["doma", "lsst"]
    assert changes[0].reasons == ("what makes resources of a Plan changed: cluster, delivery",)


def test_stacks_come_and_go() -> None:
    (added,) = touched(Revision({}, {}), Revision({"ctao": StackPlan(PLAN)}, {}))
    assert (added.kind, set(added.components.values())) == ("added", {"added"})
    (removed,) = touched(Revision({"ctao": StackPlan(PLAN)}, {}), Revision({}, {}))
    assert (removed.kind, set(removed.components.values())) == ("removed", {"removed"})


def test_what_cannot_be_reported_counts_as_touched_with_the_reason() -> None:
    (change,) = touched(Revision({}, {}, trouble="its own code gave no Plans"), revision())
    assert (change.kind, change.reasons) == ("changed", ("base: its own code gave no Plans",))
    broken = Revision({"doma": StackPlan(None, ("hosts: is missing",))}, {"delivery": "1"})
    (change,) = touched(broken, broken)
    assert change.reasons == ("base: hosts: is missing", "head: hosts: is missing")


def test_the_json_form_is_complete() -> None:
    (change,) = touched(revision(), revision({**PLAN, "hosts": {}}))
    assert change.as_json() == {
        "stack": "doma",
        "kind": "changed",
        "components": {},
        "differences": ({"path": "hosts.panda", "before": "panda.example", "after": "(absent)"},),
        "reasons": (),
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, JSON)
def test_values_differ_exactly_when_a_difference_is_found(before: Any, after: Any) -> None:
    assert bool(list(differences(before, after))) == (before != after)
    assert not list(differences(before, before))
