"""Stack files are read as the engine reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.stackfile import ENCRYPTED, parse


def _section(text: str) -> Any:
    file, problems = parse(f"config:\n  panda-infra:x: {text}\n")
    assert not problems
    return file.sections["x"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01 00:00:00 +0000 UTC"),
        ("2020-1-1T1:2:3Z", "2020-01-01 01:02:03 +0000 UTC"),
        ("2020-13-01", "2020-13-01"),
        ("12", 12),
        ("-1.5", -1.5),
        ("1e3", 1000),
        ("1.", 1),
        ("017", 15),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b11", 3),
        ("1_000", 1000),
        ("08.5", 8.5),
        ("1e400", "1e400"),
        ("!!str 12", "12"),
        ("!own 12", "12"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
        ("9" * 40, float("9" * 40)),
    ],
)
def test_scalars_follow_the_engines_rules(text: str, value: Any) -> None:
    assert _section(text) == value
    assert type(_section(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (".inf", "are no numbers that the engine takes"),
        ("-.INF", "are no numbers that the engine takes"),
        ("[.NaN]", "are no numbers that the engine takes"),
        ("!!binary aGk=", "a tag of YAML changes what the value is"),
        ("!!int '12'", "a tag of YAML changes what the value is"),
        ("{0x10: a}", "the key `0x10` is no text"),
        ("{~: a}", "the key `~` is no text"),
        ("{<<: 1}", "`<<` needs a mapping"),
        ("{<<: {a: 1}, <<: {a: 2}}", "is there twice"),
    ],
)
def test_what_the_engine_refuses_or_reads_as_something_else_is_reported(text: str, reported: str) -> None:
    _, problems = parse(f"config:\n  panda-infra:x: {text}\n")
    assert [reported in problem.what for problem in problems] == [True]


def test_what_stands_where_an_anchor_would_is_not_repeated() -> None:
    _, (problem,) = parse("config:\n  panda-infra:secrets: {x: *canary-password}\n")
    assert "canary" not in str(problem)


def test_merge_keys_fill_in_what_a_mapping_does_not_say() -> None:
    file, problems = parse("a: &a {x: 1, y: 1}\nconfig:\n  panda-infra:s: {<<: *a, y: 2}\n")
    assert not problems
    assert file.sections["s"] == {"x": 1, "y": 2}
    file, _ = parse('config:\n  panda-infra:s: {a: 1, "<<": [{a: 2, b: 3}, {b: 4, c: 5}]}\n')
    assert file.sections["s"] == {"a": 1, "b": 3, "c": 5}


def test_encrypted_values_are_opaque_and_found() -> None:
    text = "config:\n  panda-infra:secrets: {a: [{secure: v1:x}], b: {secure: 1}, c: {secure: x, d: 1}}\n"
    file, _ = parse(text)
    assert file.sections["secrets"]["a"] == [ENCRYPTED]
    assert file.encrypted == {("secrets", "a", 0)}


def test_other_programs_keys_are_left_alone_and_keys_without_namespace_are_ours() -> None:
    file, problems = parse("config:\n  pulumi:tags: {}\n  kubernetes:context: x\n  affix: -dev\n")
    assert not problems
    assert file.sections == {"affix": "-dev"}


@pytest.mark.parametrize("text", ["config: " + 200_000 * "[", "\n".join(" " * i + "a:" for i in range(3000))])
def test_what_nests_without_end_is_reported(text: str) -> None:
    _, problems = parse(text)
    assert [problem.what for problem in problems] == ["nests far too deep"]


_VALUES = st.recursive(
    st.booleans() | st.integers(-1000, 1000) | st.text(st.characters(codec="ascii"), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_VALUES)
def test_what_is_written_with_quotes_is_read_back(value: Any) -> None:
    # As JSON, which is YAML: plain scalars mean different things in YAML's versions.
    text = json.dumps({"config": {"panda-infra:x": value}})
    file, problems = parse(text)
    assert not problems
    assert file.sections["x"] == value


def test_a_key_with_a_tag_of_yaml_is_refused() -> None:
    """The engine refuses some, and reads another key for others."""
    _, problems = parse("config:\n  !!timestamp panda-infra:experiment: doma\n")
    assert [(problem.where, problem.fix) for problem in problems] == [("line 2", "Write the key without it.")]


def test_a_byte_order_mark_inside_of_the_file_is_refused() -> None:
    """The engine takes it for a part of the key, PyYAML for nothing."""
    _, problems = parse("# a stack\n\ufeffconfig:\n  panda-infra:experiment: doma\n")
    assert [(problem.where, problem.what) for problem in problems] == [
        ("the file", "holds an invisible byte order mark in line 2: remove it")
    ]


def test_a_tab_after_a_colon_is_refused() -> None:
    _, problems = parse("config:\n  panda-infra:hosts:: \t\n    panda: panda.cern.ch\n")
    assert [(problem.where, problem.what) for problem in problems] == [
        ("the file", "has a tab after the colon in line 2: write a space")
    ]
