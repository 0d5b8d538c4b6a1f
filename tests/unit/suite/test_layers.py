"""The contract about imports that point one way leaves nothing out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from tools import REPOSITORY


def _parts(package: str) -> Iterator[str]:
    """The modules and packages right below a package."""
    for path in (REPOSITORY / package.replace(".", "/")).iterdir():
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and not path.name.startswith("__"):
            yield f"{package}.{path.stem}"


def test_each_part_of_the_program_has_its_layer() -> None:
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (each["layers"] for each in contracts if each["type"] == "layers")
    named = {part for layer in layers for part in re.split(r"[ :|]+", layer)}
    # The models of a whole stack are made of what the products describe, so that the parts of `config` have layers.
    parts = {*_parts("panda_infra"), *_parts("panda_infra.config")} - {"panda_infra.config"}
    assert parts == named
