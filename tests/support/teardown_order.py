"""In which order the engine deleted a stack, held against the steps that the page about tearing down names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from tools import REPOSITORY

__all__ = ["deletions", "out_of_order", "steps"]

_STEP = re.compile(r"^\d+\. .+:((?: `\w+`,?)+)$", re.MULTILINE)
_PAGE = REPOSITORY / "docs" / "tear-down.md"

Span = tuple[int, int]
"""The numbers of the events with which the first deletion of a kind began and the last one ended."""


def steps() -> list[list[str]]:
    """The kinds of resources that each of the page's steps deletes."""
    text = _PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    return [re.findall(r"\w+", kinds) for kinds in _STEP.findall(text)]


def deletions(log: str) -> dict[str, Span]:
    """When each kind of resource was deleted, from what `pulumi destroy --json` prints."""
    found: dict[str, Span] = {}
    for event in map(json.loads, log.splitlines()):
        for part in ("resourcePreEvent", "resOutputsEvent"):
            metadata = event.get(part, {}).get("metadata", {})
            if metadata.get("op") == "delete":
                kind = metadata["type"].rpartition(":")[2]
                first, _ = found.get(kind, (event["sequence"], 0))
                found[kind] = (first, event["sequence"])
    return found


def out_of_order(deleted: Mapping[str, Span]) -> Iterator[str]:
    """Every two kinds of which one was begun before another, of an earlier step, had ended."""
    for earlier, later in combinations(steps(), 2):
        for before in earlier:
            for after in later:
                if before in deleted and after in deleted and deleted[after][0] < deleted[before][1]:
                    yield f"{after} before the end of {before}"
