"""Rule about values that Kubernetes requires to be text, in parts of a stack without a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from panda_infra.config.paths import Path, spelled
from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.tree import leaves

__all__ = ["check"]

# Mappings of text to text in every chart and in Kubernetes itself.
_TEXT_MAPS = re.compile(r"(\w*[aA]nnotations|\w*[lL]abels|nodeSelector|extraEnv)")


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """Annotations, labels, selectors and environment variables must be texts, also in free-form values."""
    config = subject.config
    for name, component in config.components.deployed().items():
        yield from _text_maps(component.values, ("components", name, "values"))


def _text_maps(values: Any, path: Path) -> Iterator[Problem]:
    for place, leaf in leaves(values, path):
        parent, key = place[-2:]
        if (
            _TEXT_MAPS.fullmatch(str(parent))
            and isinstance(leaf, bool | int | float)
            and isinstance(key, str)
        ):
            what = "must be text: Kubernetes accepts nothing else here"
            yield Problem(spelled(place), what, f'Put it in quotes, e.g. `{key}: "true"`.')
