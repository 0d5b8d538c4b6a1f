"""The settings of a developer's stack on the command line: images, charts of a branch, an owner, an end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from panda_infra.clients.programs import run
from panda_infra.config.messages import nearest
from panda_infra.errors import PandaInfraError
from panda_infra.products.registry import COMPONENTS

__all__ = ["Charts", "NewImage", "Request", "charts_of", "image_of", "newest"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_FOLDER = "helm"
# An @ before the path belongs to the user's name.
_GIT = re.compile(r"git\+(?P<url>[a-z][a-z+]*://[^\s/]*/[^\s@#]+)(@(?P<ref>[^\s@#:]+))?(#(?P<path>[^\s#]+))?")
_IMAGE = re.compile(
    r"(?P<component>[^.=\s]+)\.(?P<sub>[^.=\s]+)=(?P<repository>[^\s@]+?)(:(?P<tag>[\w.-]+))?"
)


@dataclass(frozen=True)
class NewImage:
    """An image for a sub-component; without a ``tag``, that of the chart."""

    component: str
    sub_component: str
    repository: str
    tag: str | None = None


@dataclass(frozen=True)
class Charts:
    """Charts below ``path`` of a git repository, at a ``branch`` or at a commit, ``revision``."""

    url: str
    revision: str
    branch: str | None = None
    path: str = _FOLDER


@dataclass(frozen=True)
class Request:
    """Everything that a developer's stack has beside what its parent gives it.

    ``expires`` is its last day. Without ``components`` it has all of its parent's.
    """

    expires: date
    components: Sequence[str] = ()
    images: Sequence[NewImage] = ()
    charts: Charts | None = None
    user: str | None = None
    group: str | None = None
    outlets: Sequence[Mapping[str, Any]] = ()

    def with_outlets(self, outlets: Sequence[Mapping[str, Any]]) -> Request:
        """The same with outlets that its pods need in this cluster."""
        return replace(self, outlets=outlets)


def image_of(text: str) -> NewImage:
    """An image as ``--image`` gives it, e.g. ``panda.server=ghcr.io/me/panda-server:my-feature``.

    Raises:
        PandaInfraError: it is written otherwise, or names no sub-component.
    """
    found = _IMAGE.fullmatch(text)
    if not found:
        raise PandaInfraError(
            f"--image {text}: write COMPONENT.PART=REPOSITORY:TAG, with the image's tag and without a digest"
        )
    component, sub = found["component"], found["sub"]
    if component not in COMPONENTS:
        raise PandaInfraError(
            f"--image {text}: there is no component {component}{_near(component, COMPONENTS)}"
        )
    parts = [each.name for each in COMPONENTS[component].sub_components]
    if sub not in parts:
        raise PandaInfraError(f"--image {text}: {component} has no part {sub}, only {', '.join(parts)}")
    return NewImage(component, sub, found["repository"], found["tag"])


def charts_of(text: str) -> Charts:
    """Charts as ``--charts`` gives them: ``git+https://...@branch``, with a commit for the branch if it shall stay.

    Asks the repository for the branch's newest commit.

    Raises:
        PandaInfraError: it is written otherwise, or the repository has no such branch.
    """
    found = _GIT.fullmatch(text)
    if not found:
        raise PandaInfraError(
            f"--charts {text}: write git+URL@BRANCH, e.g. git+https://github.com/me/panda-k8s.git@my-feature, and "
            f"#FOLDER behind it if the charts are not in its folder {_FOLDER}"
        )
    url, ref, path = found["url"], found["ref"] or "main", found["path"] or _FOLDER
    if _COMMIT.fullmatch(ref):
        return Charts(url, ref, None, path)
    return Charts(url, newest(url, ref), ref, path)


def newest(url: str, branch: str) -> str:
    """The newest commit of a branch.

    Raises:
        PandaInfraError: the repository cannot be read, or has no such branch.
    """
    command = ["git", "ls-remote", "--exit-code", "--", url, f"refs/heads/{branch}"]
    done = run(command, environment={"GIT_TERMINAL_PROMPT": "0"})
    if done.code:
        what = "has no such branch" if done.code == _NO_MATCH else f"cannot be read ({done.last_error})"
        raise PandaInfraError(
            f"branch {branch} of {url}: the repository {what}; check both, and your access to it"
        )
    return done.text.split()[0]


_NO_MATCH = 2  # of `git ls-remote --exit-code`


def _near(word: str, known: Mapping[str, object]) -> str:
    found = nearest(word, known)
    return f"; did you mean {found}?" if found else f", only {', '.join(known)}"
