"""LanDB aliases: the entries in each server's metadata, packed in the same way as by CERN's own controller.

LanDB balances a host name over every server whose metadata lists ``host--load-N-``, N being different on
each server. Nova limits a metadata value to 255 characters: entries continue in ``landb-alias2`` and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from panda_infra.config.cluster import MagnumCluster

__all__ = [
    "MetadataChange",
    "alias_of",
    "aliases_in",
    "aliases_of",
    "change_metadata",
    "cluster_aliases",
    "entry",
    "host_label",
    "number_nodes",
    "numbers_in",
    "pack",
    "unpack",
]

VALUE_LIMIT = 255
_KEY = "landb-alias"
_KEY_PATTERN = re.compile(r"landb-alias([2-9]|[1-9][0-9]+)?")
_ENTRY = re.compile(r"(?P<alias>.+)--load-(?P<number>[0-9]+)-")


@dataclass(frozen=True)
class MetadataChange:
    """A change to one server's metadata: ``values`` to set and ``stale`` keys to remove."""

    values: Mapping[str, str]
    stale: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.values or self.stale)


def alias_of(host: str, domain: str) -> str:
    """The LanDB alias of a host name: its first label.

    Raises:
        ValueError: the host does not lie directly under LanDB's ``domain``.
    """
    alias, _, parent = host.partition(".")
    if parent != domain:
        msg = f"{host} does not lie directly under {domain}"
        raise ValueError(msg)
    return alias


def aliases_of(hosts: Iterable[str], domain: str) -> tuple[str, ...]:
    """The aliases of those hosts, each once, in their order; see `alias_of`."""
    return tuple(dict.fromkeys(alias_of(host, domain) for host in hosts))


def cluster_aliases(
    cluster: MagnumCluster, hosts: Iterable[str], endings: Iterable[str] = ()
) -> tuple[str, ...]:
    """Every alias that leads to a cluster: of ``hosts``, of its ``alias_hosts``, and of its name with ``name_aliases``.

    The aliases of its name are the name alone, and with each of the ``endings``.

    Raises:
        ValueError: see `alias_of`.
    """
    label = host_label(cluster.name)
    named = (f"{label}{ending}" for ending in ("", *endings)) if cluster.name_aliases else ()
    return tuple(dict.fromkeys([*aliases_of([*hosts, *cluster.alias_hosts], cluster.alias_domain), *named]))


def host_label(name: str) -> str:
    """A cluster's name, converted to a host name."""
    return name.lower().replace("_", "-").replace(".", "-")


def entry(alias: str, number: int) -> str:
    """The text that makes LanDB balance ``alias`` over a server."""
    return f"{alias}--load-{number}-"


def unpack(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """All alias entries of a server, foreign ones included, in the order of the keys."""
    keys = sorted((key for key in metadata if _KEY_PATTERN.fullmatch(key)), key=_key_order)
    entries = (part.strip() for key in keys for part in metadata[key].split(","))
    return tuple(dict.fromkeys(part for part in entries if part))


def pack(entries: Iterable[str]) -> dict[str, str]:
    """Metadata with all ``entries``, in their order, each value within Nova's limit.

    Raises:
        ValueError: one entry alone exceeds the limit.
    """
    values: list[str] = []
    for text in entries:
        if len(text) > VALUE_LIMIT:
            msg = f"the alias entry {text[:40]}... has {len(text)} characters, Nova takes {VALUE_LIMIT}"
            raise ValueError(msg)
        if values and len(values[-1]) + 1 + len(text) <= VALUE_LIMIT:
            values[-1] = f"{values[-1]},{text}"
        else:
            values.append(text)
    return {_KEY if index == 1 else f"{_KEY}{index}": value for index, value in enumerate(values, start=1)}


def numbers_in(entries: Iterable[str], aliases: Iterable[str]) -> dict[str, int]:
    """The number that each of ``aliases`` has among a server's entries; aliases without one are left out."""
    wanted = set(aliases)
    found = (match for text in entries if (match := _ENTRY.fullmatch(text)))
    return {match["alias"]: int(match["number"]) for match in found if match["alias"] in wanted}


def aliases_in(servers: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Every alias in the servers' entries."""
    found = (match["alias"] for entries in servers for text in entries if (match := _ENTRY.fullmatch(text)))
    return tuple(sorted(set(found)))


def number_nodes(
    nodes: Iterable[str], remembered: Mapping[str, int], offset: int = 0, taken: Iterable[int] = ()
) -> dict[str, int]:
    """Give each node a unique number, from ``offset + 1`` on.

    A node keeps its remembered number, so that replacing one node does not renumber the others: the new node
    takes the lowest free number, none of those that servers without a node have ``taken``.
    """
    names = sorted(set(nodes))
    numbers: dict[str, int] = {}
    for name in names:
        number = remembered.get(name)
        if number is not None and number > offset and number not in numbers.values():
            numbers[name] = number
    others = {*numbers.values(), *taken}
    free = (number for number in count(offset + 1) if number not in others)
    for name in names:
        if name not in numbers:
            numbers[name] = next(free)
    return dict(sorted(numbers.items()))


def change_metadata(
    current: Mapping[str, str], owned: Iterable[str], wanted: Sequence[str]
) -> MetadataChange:
    """The change after which a server's metadata holds the ``wanted`` entries and every foreign one.

    Args:
        current: All metadata of the server.
        owned: Aliases of this stack: their entries are removed unless wanted.
        wanted: Entries in the form of `entry`.
    """
    ours = set(owned)
    present = unpack(current)
    foreign = [text for text in present if not _belongs(text, ours)]
    if set(wanted) == set(present) - set(foreign):
        return MetadataChange({}, ())
    target = pack([*foreign, *(text for text in wanted if text not in foreign)])
    return MetadataChange(
        {key: value for key, value in target.items() if current.get(key) != value},
        tuple(key for key in current if _KEY_PATTERN.fullmatch(key) and key not in target),
    )


def _belongs(text: str, aliases: set[str]) -> bool:
    match = _ENTRY.fullmatch(text)
    return match is not None and match["alias"] in aliases


def _key_order(key: str) -> int:
    return int(key.removeprefix(_KEY) or 1)
