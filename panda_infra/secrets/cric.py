"""CRIC's lists as JSON files, for stacks that run without CRIC."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from panda_infra.errors import Problem
from panda_infra.secrets.content import LARGEST, Files, as_json
from panda_infra.secrets.context import Context
from panda_infra.secrets.cric_files import NEEDED, flaws

__all__ = ["MANDATORY", "OPTIONAL", "TAGS", "check_folder", "jsons"]

MANDATORY = tuple(NEEDED)
TAGS = "sw_tags.json"
OPTIONAL = ("ddm_blacklist.json", "cm.json", "ddm_objectstores.json", TAGS)
_QUEUES = "panda_queues.json"
_HOW = "See cric_jsons/README.md for the shape, or export the list from CRIC."


def jsons(context: Context) -> Files:
    """cric-jsons: the folder's files as they are; none that is not one of CRIC's lists.

    The server wants software tags too: where there are none, every queue takes any.
    """
    folder = Path(context.config.cric.folder)
    paths = (folder / name for name in (*MANDATORY, *OPTIONAL))
    files = {path.name: path.read_bytes() for path in paths if path.is_file()}
    return {TAGS: _any_tags(files.get(_QUEUES, b""))} | files


def _any_tags(queues: bytes) -> bytes:
    try:
        names = list(json.loads(queues))
    except (ValueError, TypeError):
        names = []  # check_folder tells what is wrong
    anything = {"architectures": [], "cmtconfigs": [], "containers": ["any"], "cvmfs": ["any"], "tags": []}
    return as_json({str(name): anything for name in names}).encode()


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
            yield from ((name, flaw) for flaw in flaws(name, path.read_bytes()))
        elif name in MANDATORY:
            yield name, "is missing, and PanDA does not run without it"
    known = {*MANDATORY, *OPTIONAL}
    for path in sorted(folder.glob("*.json")):
        if path.name not in known:
            yield path.name, f"is none of CRIC's lists: {', '.join((*MANDATORY, *OPTIONAL))}"
    if total > LARGEST:
        yield "", f"its files have {total} bytes, more than the {LARGEST} of one Kubernetes Secret: trim them"
