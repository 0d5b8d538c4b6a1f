"""Notes of an import that keeps an existing stack file: each setting that differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from panda_infra.config.paths import Path, spelled
from panda_infra.config.stack import StackConfig
from panda_infra.migration.checkout import Tree
from panda_infra.products.migrated import Outcome

__all__ = ["list_differences"]


def list_differences(outcome: Outcome, config: StackConfig, source: str) -> None:
    """Note every setting of the checkout that differs from the stack file, so that it is not lost.

    Args:
        outcome: of the import; gets the notes.
        config: the content of the stack file.
        source: the stack file's name.
    """
    present = config.model_dump(mode="json", by_alias=True)
    for path in _different(outcome.sections, present, ()):
        why = f"differs from {source}, which was kept: see {spelled(path)} there"
        outcome.miss(*outcome.origin(path), why)


def _different(wanted: Any, present: Any, path: Path) -> Iterator[Path]:
    if isinstance(wanted, dict) and isinstance(present, dict) and wanted:
        for key, item in wanted.items():
            yield from _different(item, present.get(key), (*path, key))
    elif isinstance(wanted, list) and isinstance(present, list) and _named(wanted):
        known = {item["name"]: _given(item) for item in present}
        for place, item in enumerate(wanted):
            if known.get(item["name"]) != _given(item):
                yield (*path, place)
    elif wanted != present and not (wanted == {} and present is not None):
        yield path


def _named(items: list[Any]) -> bool:
    return all(isinstance(item, dict) and "name" in item for item in items)


def _given(item: Tree) -> Tree:
    return {key: value for key, value in item.items() if value not in (None, [])}
