"""Keys are read as they are spelled."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.cli.keys import UnknownKeyError, line_of, parse, secret_key
from panda_infra.config.paths import spelled

_NAMES = st.text(min_size=1, max_size=12)
_SECTIONS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]*", fullmatch=True)
_PATHS = st.tuples(_SECTIONS, st.lists(_NAMES | st.integers(0, 99), max_size=4)).map(
    lambda parts: (parts[0], *parts[1])
)


@given(_PATHS)
def test_a_spelled_path_is_read_back(path: tuple[str | int, ...]) -> None:
    assert parse(spelled(path)) == path


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    with suppress(UnknownKeyError):
        assert parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_secret_or_refused(text: str) -> None:
    with suppress(UnknownKeyError):
        assert secret_key(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("panda.databasePassword", ("panda", "databasePassword")),
        ("secrets.panda.databasePassword", ("panda", "databasePassword")),
        ("panda-infra:secrets.hashKey", ("hashKey",)),
        ("files.harvesterAuth.panda_token_key", ("files", "harvesterAuth", "panda_token_key")),
        ("files.harvesterAuth.token_a-b.json", ("files", "harvesterAuth", "token_a-b.json")),
        ('files.harvesterAuth["token_a-b.json"]', ("files", "harvesterAuth", "token_a-b.json")),
        ("auth.clientSecrets.Rubin.production", ("auth", "clientSecrets", "Rubin.production")),
    ],
)
def test_names_of_files_may_hold_dots(text: str, path: tuple[str, ...]) -> None:
    assert secret_key(text) == path


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("panda.databasePasword", "did you mean `panda.databasePassword`?"),
        ("pnda.databasePassword", "did you mean `panda`?"),
        ("panda", "those below it: databasePassword"),
        ("hashKey.more", "nothing lies below hashKey"),
        ("files.panda", "needs a name behind it"),
        ("", "there is no such secret"),
    ],
)
def test_a_wrong_key_is_reported(text: str, reported: str) -> None:
    with pytest.raises(UnknownKeyError, match=reported.replace("?", r"\?")):
        secret_key(text)


def test_lines_are_those_of_the_key() -> None:
    text = (
        "config:\n  panda-infra:hosts:\n    panda: a.b\n  panda-infra:auth:\n    clients:\n      - name: x\n"
    )
    assert line_of(text, ("hosts", "panda")) == 3
    assert line_of(text, ("auth", "clients", 0, "name")) == 6
    assert line_of(text, ("hosts", "ui")) is None
    assert line_of("", ("hosts",)) is None
