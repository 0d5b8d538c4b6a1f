"""Paths are spelled as `pulumi config --path` takes them."""

from __future__ import annotations

import pytest

from panda_infra.config.paths import Path, spelled, within


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("components", "iam-db"), "components.iam-db"),
        (("auth", "clients", 0, "name"), "auth.clients[0].name"),
        (("secrets", "files", "panda", "a.pem"), 'secrets.files.panda["a.pem"]'),
        (("values", 'a"b\\c'), 'values["a\\"b\\\\c"]'),
    ],
)
def test_spelled(path: Path, text: str) -> None:
    assert spelled(path) == text


def test_within() -> None:
    assert within(("a", "b"), ("a",))
    assert within(("a",), ("a",))
    assert not within(("a",), ("a", "b"))
    assert not within(("ab",), ("a",))
