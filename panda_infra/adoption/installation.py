"""A running installation: the releases of PanDA's charts, that of the secrets chart, and the live Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from panda_infra.errors import PandaInfraError

__all__ = ["AdoptionError", "FoundRelease", "Installation", "SecretsRelease", "Tree"]

Tree = dict[str, Any]


class AdoptionError(PandaInfraError):
    """An installation that cannot be taken over as it is."""


@dataclass(frozen=True)
class FoundRelease:
    """A running component.

    ``version`` is its chart's. ``values`` are the given ones, ``defaults`` the chart's own; ``manifest`` is Helm's
    output for both. ``recorded`` is true if Helm keeps it as a release, false if Argo CD applied it.
    """

    component: str
    name: str
    version: str
    manifest: str = field(repr=False)
    values: Tree = field(repr=False)
    defaults: Tree = field(repr=False)
    recorded: bool = True


@dataclass(frozen=True)
class SecretsRelease:
    """The release of the secrets chart: its values, and its files by their paths below `files`."""

    name: str
    values: Tree = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True)
class Installation:
    """A running PanDA in one namespace.

    ``live`` maps the suffix of each Secret to its data. ``storage_class`` is the cluster's default.
    """

    namespace: str
    releases: Mapping[str, FoundRelease]
    secrets: SecretsRelease
    live: Mapping[str, Mapping[str, bytes]] = field(repr=False)
    storage_class: str | None = None
