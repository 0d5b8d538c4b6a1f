"""What of an Application is the program's."""

from __future__ import annotations

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from panda_infra.guard.application_drift import changed_by_others, without_status


def test_fields_that_the_program_wrote_count_and_those_of_others_do_not() -> None:
    written = {"spec": {"a": {"b": 1, "c": [1, 2]}, "d": "x"}}
    assert changed_by_others(written, {"spec": {"a": {"b": 1, "c": [1, 2], "more": 3}, "d": "x"}}) == []
    assert changed_by_others(written, {"spec": {"a": {"b": 2, "c": [1]}}}) == [
        "spec.a.b",
        "spec.a.c",
        "spec.d",
    ]


def test_the_state_has_nothing_that_changes_all_the_time() -> None:
    properties = Struct()
    properties.update(
        {
            "spec": {},
            "status": {"a": 1},
            "metadata": {"name": "panda", "resourceVersion": "1", "generation": 2},
        }
    )
    without_status(properties)
    assert MessageToDict(properties) == {"spec": {}, "metadata": {"name": "panda"}}
    empty = Struct()
    without_status(empty)
    assert MessageToDict(empty) == {}
