"""CRIC's lists as JSON files, for stacks that run without CRIC."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from panda_infra.errors import Problem
from panda_infra.products.content import LARGEST, Files, UnreadableContentError, as_json
from panda_infra.products.panda import cric
from panda_infra.products.panda.cric_readers import NEEDED, flaws

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.model import SecretUse
    from panda_infra.products.panda.context import Context

__all__ = [
    "MANDATORY",
    "OPTIONAL",
    "TAGS",
    "check_files",
    "check_folder",
    "files_of",
    "jsons",
    "project_files",
    "without_cric",
]

MANDATORY = tuple(NEEDED)
TAGS = "sw_tags.json"
OPTIONAL = ("ddm_blacklist.json", "cm.json", "ddm_objectstores.json", TAGS)
_QUEUES = "panda_queues.json"
_HOW = (
    "See cric_jsons/README.md for the shape, or fetch it: `python -m panda_infra cric fetch STACK --url URL`."
)


def jsons(context: Context) -> Files:
    """The Secret cric-jsons: CRIC's lists in the folder, unchanged; other files are left out.

    The server needs software tags too: if their file is missing, every queue gets tags that allow any software.

    Raises:
        UnreadableContentError: a list cannot be read.
    """
    return _with_tags(files_of(Path(context.cric.folder)))


def without_cric(use: SecretUse, config: Settings) -> SecretUse | None:
    """The use of the lists; None if the stack uses CRIC itself, because pods then do not read them."""
    return None if cric.asked(config) else use


def project_files(config: Settings) -> list[str]:
    """The project's files that the stack's Secret is made of, also those that do not exist."""
    if cric.asked(config):
        return []
    folder = config.of(cric.CricSettings).folder
    return [f"{folder}/{name}" for name in (*MANDATORY, *OPTIONAL)]


def files_of(folder: Path) -> Files:
    """The lists in a folder, by their names; empty if the folder does not exist.

    Raises:
        UnreadableContentError: a list cannot be read.
    """
    return {path.name: _content(path) for path in _paths(folder)}


def _paths(folder: Path) -> Iterator[Path]:
    return (folder / name for name in (*MANDATORY, *OPTIONAL) if (folder / name).is_file())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableContentError(path, f"cannot be read: {error.strerror}") from None


def _with_tags(files: Mapping[str, bytes]) -> Files:
    return {TAGS: _any_tags(files.get(_QUEUES, b""))} | dict(files)


def _any_tags(queues: bytes) -> bytes:
    try:
        names = list(json.loads(queues))
    except (ValueError, TypeError, RecursionError):
        names = []  # check_files reports the problem
    anything = {"architectures": [], "cmtconfigs": [], "containers": ["any"], "cvmfs": ["any"], "tags": []}
    return as_json({str(name): anything for name in names}).encode()


def check_folder(folder: Path) -> list[Problem]:
    """The problems of a folder with CRIC's lists."""
    if not folder.is_dir():
        return [
            Problem("cric.folder", f"there is no folder {folder}", "Name a folder with CRIC's JSON files.")
        ]
    return [Problem(f"{folder}/{name}", what, _HOW) for name, what in _flaws(folder)]


def _flaws(folder: Path) -> Iterator[tuple[str, str]]:
    readable: dict[str, bytes] = {}
    unreadable: set[str] = set()
    for path in _paths(folder):
        try:
            readable[path.name] = _content(path)
        except UnreadableContentError as error:
            unreadable.add(path.name)
            yield path.name, error.why
    yield from (flaw for flaw in check_files(readable) if flaw[0] not in unreadable)
    known = {*MANDATORY, *OPTIONAL}
    for path in sorted(folder.glob("*.json")):
        if path.name not in known:
            yield path.name, f"is none of CRIC's lists: {', '.join((*MANDATORY, *OPTIONAL))}"


def check_files(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """The flaws of a stack's lists, each with the file's name, which is empty for a flaw of all lists together."""
    for name in (*MANDATORY, *OPTIONAL):
        if name in files:
            yield from ((name, flaw) for flaw in flaws(name, files[name]))
        elif name in MANDATORY:
            yield name, "is missing, and PanDA does not run without it"
    total = sum(map(len, _with_tags(files).values()))
    if total > LARGEST:
        yield "", f"its files have {total} bytes, more than the {LARGEST} of one Kubernetes Secret: trim them"
