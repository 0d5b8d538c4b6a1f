"""The tables that a component's images need in its database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.verification import Command

__all__ = ["VERSION", "Schema", "in_order"]

VERSION = r"\d+(\.\d+)*"
"""A version of tables, or of the release of an image: numbers between dots, as a regular expression."""


@dataclass(frozen=True)
class Schema:
    """The version of its database's tables that a component needs, and the query for the actual version.

    ``parts`` are the sub-components whose images need it. ``least`` maps a release of these images to the tables that
    it needs at least, as do all later releases until the next one of the map; the images of releases until ``known``
    were looked at. ``stated`` is the version that the stack file states for releases that the program does not know,
    under ``key``. Of ``asks``, the first one whose part the stack deploys is asked; its answer is the version.
    ``patching`` is the advice how the tables get newer.
    """

    parts: tuple[str, ...]
    least: Mapping[str, str]
    known: str
    key: str
    stated: Callable[[Settings], str | None]
    asks: tuple[Command, ...]
    patching: str

    def of(self, tag: str) -> str | None:
        """The version of tables that the images of a tag need at least; None if the tag names no release.

        A release later than the ``known`` ones needs what the last known one needs, or more.
        """
        release = re.match(VERSION, tag)
        if release is None:
            return None
        fitting = [each for each in self.least if in_order(each) <= in_order(release[0])]
        return self.least[max(fitting, key=in_order)] if fitting else None

    def knows(self, tag: str) -> bool:
        """True if the tag names a release that was looked at."""
        release = re.match(VERSION, tag)
        return release is not None and in_order(release[0]) <= in_order(self.known)


def in_order(version: str) -> tuple[int, ...]:
    """A version in a form that sorts."""
    return tuple(map(int, version.split(".")))
