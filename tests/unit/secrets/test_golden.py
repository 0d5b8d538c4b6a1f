"""Every Secret of three stacks, byte for byte; UPDATE_GOLDEN=1 writes the files anew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from panda_infra.products.content import SecretContent
from panda_infra.secrets.build import build
from tests.support import fast_yaml
from tests.unit.secrets.stacks import STACKS, config

GOLDEN = Path("tests/golden/secrets")
BUILT = {name: build(config(stack)) for name, stack in STACKS.items()}


def document(content: SecretContent) -> str:
    data = {
        key: value.decode() if value.isascii() and b"\0" not in value else f"hex:{value.hex()}"
        for key, value in content.data.items()
    }
    return fast_yaml.dump({"type": content.type, "data": data}, width=10_000)


if os.environ.get("UPDATE_GOLDEN"):
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for _stack, _contents in BUILT.items():
        (GOLDEN / _stack).mkdir(parents=True)
        for _suffix, _content in _contents.items():
            (GOLDEN / _stack / f"{_suffix}.yaml").write_text(document(_content))


@pytest.mark.parametrize("stack", STACKS)
def test_the_golden_files_are_the_secrets_of_the_stack(stack: str) -> None:
    assert {path.stem for path in (GOLDEN / stack).iterdir()} == set(BUILT[stack])


@pytest.mark.parametrize(
    ("stack", "suffix"), [(stack, suffix) for stack in STACKS for suffix in BUILT[stack]]
)
def test_a_secret_is_as_its_golden_file_says(stack: str, suffix: str) -> None:
    assert document(BUILT[stack][suffix]) == (GOLDEN / stack / f"{suffix}.yaml").read_text()
