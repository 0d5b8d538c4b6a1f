"""New stack files are read back as what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.stackfile import parse
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.document import SCHEMA_COMMENT, compose, is_new, write_new
from tests.support import fast_yaml
from tests.support.stacks import sections

_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=20)
_KEYS = _TEXTS.filter(lambda text: text not in ("", "<<"))  # the engine merges by the latter, in quotes too
_LEAVES = st.booleans() | st.integers(-(10**9), 10**9) | _TEXTS
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(_TREES)
def test_every_value_survives_the_way_through_the_file(value: Any) -> None:
    wanted = sections(auth={"x": value})
    file, problems = parse(compose(wanted, "Anything."))
    assert not problems
    assert file.sections == wanted


def test_sections_are_in_the_order_of_the_documentation() -> None:
    lines = compose(sections(hosts={"panda": "a.b"}, affix="-dev"), "A title.").splitlines()
    keys = [line.split(":")[1] for line in lines if line.startswith("  panda-infra:")]
    assert keys == ["experiment", "affix", "cluster", "components", "hosts", "storage"]
    assert lines[:2] == [SCHEMA_COMMENT, "# A title."]


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text("mine")
    with pytest.raises(PandaInfraError, match="exists already"):
        write_new(file, sections(), "x")
    assert file.read_text() == "mine"


def test_what_the_cli_says_of_encryption_stays(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text("secretsprovider: awskms://alias/x\nencryptedkey: AAAA\n")
    assert is_new(file)
    write_new(file, sections(), "x")
    document = fast_yaml.load(file.read_text())
    assert (document["secretsprovider"], document["encryptedkey"]) == ("awskms://alias/x", "AAAA")
    assert document["config"]["panda-infra:experiment"] == "local"
    assert not is_new(file)


@pytest.mark.parametrize("text", ["config: {a:b: c}", "config: [", "- x"])
def test_a_file_that_says_anything_else_is_not_new(tmp_path: Path, text: str) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text(text)
    assert not is_new(file)
