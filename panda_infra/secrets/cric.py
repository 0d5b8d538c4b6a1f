"""CRIC's lists as JSON files, for stacks that run without CRIC."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from panda_infra.errors import Problem
from panda_infra.secrets.content import LARGEST, Files
from panda_infra.secrets.context import Context

__all__ = ["MANDATORY", "OPTIONAL", "check_folder", "jsons"]

# The fields without which PanDA's configurator or Harvester skips an entry.
MANDATORY = {
    "sites.json": ("name", "rc_site"),
    "panda_queues.json": ("atlas_site", "panda_resource", "status", "type"),
    "ddm_endpoints.json": ("name", "site", "rse"),
}
OPTIONAL = ("ddm_blacklist.json", "cm.json", "ddm_objectstores.json")
_HOW = "See cric_jsons/README.md for the shape, or export the list from CRIC."


def jsons(context: Context) -> Files:
    """cric-jsons: the folder's files as they are; none that is not one of CRIC's lists."""
    folder = Path(context.config.cric.folder)
    paths = (folder / name for name in (*MANDATORY, *OPTIONAL))
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def check_folder(folder: Path) -> list[Problem]:
    """What is wrong with a folder of CRIC's lists."""
    if not folder.is_dir():
        return [
            Problem("cric.folder", f"there is no folder {folder}", "Name a folder with CRIC's JSON files.")
        ]
    return [Problem(f"{folder}/{name}", what, _HOW) for name, what in _flaws(folder)]


def _flaws(folder: Path) -> Iterator[tuple[str, str]]:
    total = 0
    for name in (*MANDATORY, *OPTIONAL):
        path = folder / name
        if path.is_file():
            total += path.stat().st_size
            yield from ((name, flaw) for flaw in _flaws_of(path))
        elif name in MANDATORY:
            yield name, "is missing, and PanDA does not run without it"
    known = {*MANDATORY, *OPTIONAL}
    for path in sorted(folder.glob("*.json")):
        if path.name not in known:
            yield path.name, f"is none of CRIC's lists: {', '.join((*MANDATORY, *OPTIONAL))}"
    if total > LARGEST:
        yield "", f"its files have {total} bytes, more than the {LARGEST} of one Kubernetes Secret: trim them"


def _flaws_of(path: Path) -> Iterator[str]:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        at = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        yield f"is no JSON{at}"
        return
    if not isinstance(content, dict):
        yield "must be one JSON object that maps names to entries"
        return
    for field in MANDATORY.get(path.name, ()):
        lacking = [name for name, entry in content.items() if not _has(entry, field)]
        if lacking:
            yield f"{len(lacking)} of {len(content)} entries lack the field {field}, first {lacking[0]}"
    if path.name in MANDATORY and not content:
        yield "has no entries"


def _has(entry: Any, field: str) -> bool:
    return isinstance(entry, dict) and field in entry
