"""Texts where Kubernetes wants texts, in the parts of a stack that no model describes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.config.paths import Path, spelled
from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]

# Maps of text to text in every chart and in Kubernetes itself.
_TEXT_MAPS = re.compile(r"(\w*[aA]nnotations|\w*[lL]abels|nodeSelector|extraEnv)")


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """Annotations, labels, selectors and environment variables hold texts, also in free-form values."""
    config = subject.config
    for name, component in config.components.deployed().items():
        yield from _text_maps(component.values, ("components", name, "values"))


def _text_maps(value: Any, path: Path) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        texts = _TEXT_MAPS.fullmatch(str(path[-1]))
        for key, item in value.items():
            if texts and isinstance(item, bool | int | float):
                what = "must be text: Kubernetes accepts nothing else here"
                yield Problem(spelled((*path, key)), what, f'Put it in quotes, e.g. `{key}: "true"`.')
            yield from _text_maps(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _text_maps(item, (*path, index))
