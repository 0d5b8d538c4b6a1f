"""Changes of a developer's stack file by a later `dev up`, in place: comments and hand-made changes stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path as FilePath
from typing import Any

from panda_infra.config import stackfile, yaml_nodes
from panda_infra.config.argo_delivery import ArgoDelivery
from panda_infra.config.charts import GitCharts
from panda_infra.config.load import Loaded
from panda_infra.config.paths import Path
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.developers.request import Charts, NewImage, newest
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.replace import replacing
from panda_infra.stacks.yaml_text import PlaceError, put
from panda_infra.tree import value_at

__all__ = ["Wanted", "apply", "wanted"]

Wanted = dict[Path, str]
"""The new values by their paths below the program's namespace."""


def wanted(loaded: Loaded, images: Sequence[NewImage], charts: Charts | None, expires: date | None) -> Wanted:
    """What a stack file must say now: what the command line asks for, and the newest commit of a followed branch.

    Raises:
        PandaInfraError: the file cannot take it, or the branch's repository cannot be read.
    """
    return dict(_wanted(loaded, images, charts, expires))


def _wanted(
    loaded: Loaded, images: Sequence[NewImage], charts: Charts | None, expires: date | None
) -> Iterator[tuple[Path, str]]:
    deployed = loaded.config.components.deployed()
    for image in images:
        if image.component not in deployed:
            raise PandaInfraError(
                f"--image {image.component}.{image.sub_component}: the stack has no {image.component}; add it to "
                f"`components` in {loaded.source}"
            )
        where: Path = ("components", image.component, image.sub_component, "image")
        yield (*where, "repository"), image.repository
        if image.tag:
            yield (*where, "tag"), image.tag
    now = loaded.config.charts
    if charts:
        pinned = {"kind": "git", "url": charts.url, "revision": charts.revision, "path": charts.path}
        pinned |= {"branch": charts.branch} if charts.branch else {}
        yield from ((("charts", key), value) for key, value in pinned.items())
        if charts.branch and isinstance(loaded.config.delivery_section, ArgoDelivery):
            yield ("delivery", "follow"), charts.branch
    elif isinstance(now, GitCharts) and now.branch:
        yield ("charts", "revision"), newest(now.url, now.branch)
    if expires:
        yield ("lifecycle", "expires"), expires.isoformat()


def apply(file: FilePath, values: Wanted) -> list[Path]:
    """Write values into a stack file; returns the paths of those that it did not have.

    A section of another kind is replaced as a whole.

    Raises:
        PandaInfraError: something else stands there, or the file was changed meanwhile.
    """
    before = file.read_bytes()
    text = before.decode()
    for (section, *rest), value in values.items():
        if rest == ["kind"] and _kind_of(text, str(section)) not in (None, value):
            text = _without(text, str(section))
    changed = []
    for path, value in values.items():
        section, *rest = path
        try:
            after = put(text, ("config", f"{NAMESPACE}:{section}", *rest), value)
        except PlaceError as error:
            raise PandaInfraError(f"{file.name} stays as it is: {error}") from None
        if after != text:
            changed.append(path)
        text = after
    if changed:
        with replacing(file, before, text.encode()):
            pass
    return changed


def _kind_of(text: str, section: str) -> str | None:
    found = value_at(stackfile.document_of(text), ("config", f"{NAMESPACE}:{section}", "kind"), None)
    return None if found is None else str(found)


def _without(text: str, section: str) -> str:
    """The text of a stack file without the lines of a section."""
    root: Any = yaml_nodes.compose(text)
    config = next(value for key, value in root.value if key.value == "config")
    key, value = next(pair for pair in config.value if pair[0].value == f"{NAMESPACE}:{section}")
    lines = text.splitlines(keepends=True)
    # A block ends where what follows begins, a mapping in braces within its last line.
    end = value.end_mark.line + (value.end_mark.column > key.start_mark.column)
    return "".join(lines[: key.start_mark.line] + lines[end:])
