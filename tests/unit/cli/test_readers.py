"""The readers of a secret as people see them."""

from __future__ import annotations

import pytest

from panda_infra.cli.secret_values.readers import listed


@pytest.mark.parametrize(
    ("readers", "words"),
    [
        ([], ""),
        (["panda/server", "idds/rest", "panda/jedi"], "panda/server, panda/jedi, idds/rest"),
        ([f"dirac/part-{number}" for number in range(37)], "dirac (37 parts)"),
        ([*(f"dirac/part-{number}" for number in range(7)), "rucio/server"], "dirac (7 parts), rucio/server"),
        ([f"diracx/part-{number}" for number in range(6)], ", ".join(f"diracx/part-{n}" for n in range(6))),
    ],
)
def test_many_parts_of_one_component_are_counted(readers: list[str], words: str) -> None:
    assert listed(readers) == words
