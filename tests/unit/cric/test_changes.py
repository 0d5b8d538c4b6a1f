"""What other lists would change, and the lists as files."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.cric.changes import Change, as_file, changes

_TEXT = st.text(max_size=5)
_LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_ENTRY = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=4
)
_LISTS = st.dictionaries(_TEXT, _ENTRY, max_size=4)


@given(_LISTS, st.sampled_from([None, 2]))
def test_a_file_holds_what_its_reader_would_have_read_of_the_answer(entries: Any, indent: int | None) -> None:
    answer = json.dumps(entries, indent=indent).encode("utf-8")
    written = as_file(answer)
    assert json.dumps(json.loads(written), sort_keys=True) == json.dumps(json.loads(answer), sort_keys=True)
    assert as_file(written) == written
    assert not changes(answer, written)


@given(_LISTS, _LISTS)
def test_changes_lead_from_one_to_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = changes(json.dumps(old).encode(), json.dumps(new).encode())
    assert {*found.added} == new.keys() - old.keys()
    assert {*found.removed} == old.keys() - new.keys()
    assert len(found.changed) + found.same == len(new.keys() & old.keys())
    assert bool(found) == (json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True))


def test_an_entry_has_a_line() -> None:
    assert as_file(b'{"B": {"y": 1, "x": [1, 2]}, "A": "\\u00e9"}').decode() == (
        '{\n"A":"é",\n"B":{"x":[1,2],"y":1}\n}\n'
    )
    assert as_file(b" {} ") == b"{}\n"


def test_true_is_not_one() -> None:
    assert changes(b'{"A": {"x": 1, "y": 1}}', b'{"A": {"x": true, "y": 1}}').changed == {"A": ("x",)}
    assert changes(b'{"A": {}}', b'{"A": {"x": null}}').changed == {"A": ("x",)}


def test_what_is_absent_or_broken_has_no_entries() -> None:
    for before in (None, b"", b"{", b"[1]", b"[" * 100_000, b"\xff"):
        assert changes(before, b'{"A": 1}') == Change(("A",), (), {}, 0)
