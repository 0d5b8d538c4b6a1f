"""Every place of the models can be described, with an example that the models accept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from panda_infra.config.expected import Place, place, root
from panda_infra.config.messages import nearest, set_secret
from panda_infra.config.stack import StackConfig

_DEPTH = 8


def _places(here: Place, depth: int = 0) -> Iterator[Place]:
    yield here
    for model in here.models if depth < _DEPTH else ():
        start = Place(here.path, model)
        for name, info in model.model_fields.items():
            yield from _places(place(start, [info.alias or name], {}), depth + 1)


_PLACES = list(_places(root(StackConfig)))


def test_every_place_says_what_it_expects() -> None:
    assert len(_PLACES) > 300
    for here in _PLACES:
        assert here.expected(), here.path
        assert here.description or not here.path, f"{here.path} has no description"


def test_every_example_is_right() -> None:
    for model in {model for here in _PLACES for model in here.models}:
        for name, info in model.model_fields.items():
            here = place(Place((), model), [info.alias or name], {})
            if not here.secret:
                adapter: TypeAdapter[Any] = TypeAdapter(info.rebuild_annotation())
                adapter.validate_python(here.example(), strict=False)


@pytest.mark.parametrize(
    ("word", "meant"), [("postgress", "postgres"), ("node_selector", "nodeSelector"), ("zzz", None)]
)
def test_nearest(word: str, meant: str | None) -> None:
    assert nearest(word, ["postgres", "nodeSelector", "server"]) == meant


def test_the_command_for_a_secret_quotes_what_a_shell_would_eat() -> None:
    command = set_secret("doma", 'files.panda["a.pem"]')
    assert command == "python -m panda_infra secrets set doma 'files.panda[\"a.pem\"]'"
