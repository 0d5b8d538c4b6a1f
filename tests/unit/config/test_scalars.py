"""Values are read as Helm reads them; what is expected here was printed by Helm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.scalars import Scalar, native, read_values
from tests.support import fast_yaml


@pytest.mark.parametrize("text", ["no", "No", "NO", "off", "Off", "n", "N", "false", "False", "FALSE"])
def test_every_spelling_of_no_is_false(text: str) -> None:
    read = Scalar.read(text, quoted=False)
    assert (read.value, read.rendered, read.true) == (False, "false", False)
    quoted = Scalar.read(text, quoted=True)
    assert (quoted.value, quoted.rendered, quoted.true) == (text, text, True)


@pytest.mark.parametrize("text", ["yes", "YES", "on", "On", "y", "Y", "true", "True", "TRUE"])
def test_every_spelling_of_yes_is_true(text: str) -> None:
    assert Scalar.read(text, quoted=False).value is True


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("0123", "83"),
        ("089", "89"),
        ("0x1F", "31"),
        ("0o17", "15"),
        ("0o8", "0o8"),
        ("0b11", "3"),
        ("1_000", "1000"),
        ("+7", "7"),
        ("-0", "0"),
        ("1e3", "1000"),
        ("12e03", "12000"),
        ("1.50", "1.5"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("1.", "1"),
        ("999999", "999999"),
        ("1234567", "1.234567e+06"),
        ("12345678901", "1.2345678901e+10"),
        ("123456789012345678901234567890", "1.2345678901234568e+29"),
        ("0.1e-7", "1e-08"),
        ("1e999", "1e999"),
        ("1:30", "1:30"),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
        ("~", ""),
        ("Null", ""),
    ],
)
def test_a_number_prints_as_in_a_template(text: str, printed: str) -> None:
    assert Scalar.read(text, quoted=False).rendered == printed


def test_mappings_merge_and_keys_stay_texts() -> None:
    text = "a: &x {b: 1, no: off}\nd: {b: 2, <<: *x}\ne: !!str 12\nf: |\n  y\ng: {<<: *x, b: 3}\n"
    read = read_values(text, "f.yaml")
    assert native(read) == {
        "a": {"b": 1, "false": False},
        "d": {"b": 1, "false": False},  # what is merged overwrites what stands before it
        "e": "12",
        "f": "y\n",
        "g": {"b": 3, "false": False},
    }
    assert read["e"].file == "f.yaml"


@given(st.text())
def test_a_text_in_quotes_is_itself(text: str) -> None:
    read = Scalar.read(text, quoted=True)
    assert (read.text, read.rendered, read.true) == (text, text, bool(text))


@given(st.text(min_size=1))
def test_anything_without_quotes_is_read_and_shown_to_nobody(text: str) -> None:
    read = Scalar.read(text, quoted=False, file="f.yaml")
    assert isinstance(read.rendered, str)
    assert repr(read) == "Scalar(file='f.yaml')"


@given(
    st.dictionaries(
        st.text("abc", min_size=1), st.one_of(st.integers(-(2**63), 2**64 - 1), st.booleans(), st.none())
    )
)
def test_what_a_dumper_writes_is_read(values: dict[str, object]) -> None:
    assert native(read_values(fast_yaml.dump(values), "")) == values
