"""The places of upstream's values and files in a stack file, as one component or section describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from panda_infra.config.paths import Path

if TYPE_CHECKING:
    from panda_infra.config.scalars import Scalar
    from panda_infra.products.migrated import Outcome
    from panda_infra.tree import Values

__all__ = ["Convert", "Folder", "Imports", "PlaceEntry", "PlaceList", "Upstream"]

Convert = Callable[["Scalar"], Any]
PlaceList = Callable[[str, list[Any], "Outcome"], None]
PlaceEntry = Callable[[str, "Scalar", "Outcome"], None]


@dataclass(frozen=True)
class Folder:
    """A folder of files beside the secrets chart.

    ``endings`` are those of the files that the chart reads, empty if it reads every file; in a ``flat`` folder it
    reads no sub-folders. A ``certificate`` folder has the host's certificate and key under upstream's names. Other
    files go to the entry ``key`` of ``secrets.files`` by their names, except those in ``values``, which are secret
    values of the owner. With ``project``, the files are no secrets: they become files of the project, in a folder
    that the stack file names under this key of the owner.
    """

    endings: tuple[str, ...] = ()
    flat: bool = False
    certificate: bool = False
    key: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    project: str = ""


@dataclass(frozen=True)
class Imports:
    """The part of an import about a component or a section: the place of each value in its part of the secrets chart.

    Keys and targets are dotted. Keys are below ``part``, the owner's part of the chart (by default its own name);
    targets are below the component's settings, or below the section. A key that means the same as one above it wins.

    ``texts``, ``numbers``, ``switches``, ``words`` (comma-separated) and ``converted`` are plain values, by their form.
    ``secrets`` are secret values, whose targets are below the owner's secrets. ``hosts`` are fields of ``hosts``.
    ``lists`` and ``entries`` place lists, and the fields of the mappings below a key. ``together`` are keys that mean
    something only with others: ``finish`` places them, or whatever else needs all values of the part.
    ``settled`` are values that need no place, each with the reason; so do ``fixed`` ones that have the charts' fixed
    value, and ``of_experiment`` ones that have that of the experiment. Keys in ``may_be_empty`` mean the same empty as
    left out, and ``when_empty`` gives the value of others. ``switch`` is the key without which the others are of no
    use, with what its ``false`` means. ``useless_without`` maps a target to the keys below it without which it is left
    out.

    ``derived`` are targets that are left out if the stack makes the same without them, in this order; ``*`` stands for
    every entry of a list. ``prepare`` changes the sections of a stack file before that.
    ``folders`` are those of its files, ``shared`` keys of its part that belong to the component of that name and that
    it needs too. A component that runs ``always`` may have no values of its own.

    In the values of its own chart, ``chart_switches`` are switches and their keys of the component, ``shared_logs`` is
    the description of the claim that all components share, and ``decided`` are values that the program sets, each with
    the reason. ``served_by`` is the field of ``hosts`` whose component serves this one's paths too, so that a host of
    its own is left out if it is the same.
    """

    part: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    converted: Mapping[str, tuple[str, Convert]] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, PlaceList] = field(default_factory=dict)
    entries: Mapping[str, PlaceEntry] = field(default_factory=dict)
    together: tuple[str, ...] = ()
    finish: Callable[[Values, Outcome], None] = lambda _values, _outcome: None
    settled: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    of_experiment: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    may_be_empty: tuple[str, ...] = ()
    when_empty: Mapping[str, Any] = field(default_factory=dict)
    switch: Mapping[str, str] = field(default_factory=dict)
    useless_without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    derived: tuple[Path, ...] = ()
    prepare: Callable[[Values], None] = lambda _sections: None
    folders: Mapping[str, Folder] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    always: bool = False
    chart_switches: Mapping[str, str] = field(default_factory=dict)
    shared_logs: str = ""
    decided: Mapping[str, str] = field(default_factory=dict)
    served_by: str = ""


@dataclass(frozen=True)
class Upstream:
    """The repository of a product's charts: ``name`` and ``address`` of the checkout that an import reads.

    ``published`` are files that upstream itself publishes, by SHA-256, and ``unread`` names of files that no chart
    reads, both with the reason why a stack needs none of them.
    """

    name: str
    address: str
    published: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
