"""What Go's readers make of YAML, and what is written for them; what is expected here was printed by Helm."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config import go_yaml, yaml_nodes


def read(text: str) -> Any:
    node = yaml_nodes.compose(text)
    return None if node is None else go_yaml.build(node, go_yaml.native)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, <<: {a: 2, b: 3}}", {"a": 2, "b": 3}),
        ("{<<: {a: 2, b: 3}, a: 1}", {"a": 1, "b": 3}),
        ("{<<: [{a: 1}, {a: 2}]}", {"a": 1}),
        ('{"<<": {a: 1}}', {"<<": {"a": 1}}),
        (
            "{0x10: a, on: b, 1e3: c, 1.5: d, 2001-01-01: e}",
            {"16": "a", "true": "b", "1000": "c", "1.5": "d"} | {"2001-01-01": "e"},
        ),
        ("!!str 12", "12"),
        ('!!int "12"', 12),
        ("!!float 3", 3),
        ('!!bool "no"', False),
        ("!!null ~", None),
        ("!own yes", "yes"),
        ("2001-01-01", "2001-01-01"),
        ("9" * 5000, "9" * 5000),
        ("9" * 30, 1e30),
        ("0x" + "f" * 30, "0x" + "f" * 30),
    ],
)
def test_values_are_what_helm_prints(text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    "text",
    [
        ".inf",
        "[-.INF]",
        "{a: .NaN}",
        "!!binary aGk=",
        "!!bool x",
        "!!null x",
        "!!int 1.5",
        "~: a",
        "? [a]\n: b",
        "<<: 1",
        "&a [*a]",
        "!!timestamp x: 1",
        "[" * 500,
    ],
)
def test_what_helm_refuses_or_a_tag_changes_is_no_yaml_here(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read(text)


def test_a_few_aliases_that_stand_for_billions_of_values_are_refused_at_once() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]"
        for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    ]
    with pytest.raises(yaml.YAMLError, match="has more than"):
        read("\n".join(lines))


def test_aliases_of_aliases_nest_as_deep_as_they_stand_for() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000))]
    with pytest.raises(yaml.YAMLError, match="nests far too deep"):
        read("\n".join(lines))


_TEXTS = st.one_of(
    st.text(),
    st.text("0123456789+-._eExXobinfaNtTZ:~ylsru", max_size=8),
    st.sampled_from(["1e3", "y", "08", ".inf"]),
)


@given(_TEXTS)
def test_a_text_is_written_so_that_it_stays_one(text: str) -> None:
    assert read(go_yaml.dump({"a": text})) == {"a": text}
    assert read(go_yaml.dump([text], default_flow_style=True)) == [text]


@pytest.mark.parametrize(
    "text", ["!!timestamp x", "!!int ''", "!!bool x", "!!float x", "[" * 200_000, "a: \ud800"]
)
def test_python_s_own_reader_ends_in_no_other_error(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml_nodes.load(text)
