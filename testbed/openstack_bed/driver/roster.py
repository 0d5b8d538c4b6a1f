"""The names of the servers that a cluster should have, in a file that replaces Heat's stack."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

_SUFFIX_LETTERS = string.ascii_lowercase + string.digits
_SUFFIX_LENGTH = 12
_LONGEST_PREFIX = 30
_LONGEST_OF_GROUP = 20, 9  # characters of the cluster's name and of the group's
_ROLES = {"worker": "node"}  # the word in the servers' names if it is not the role itself


def stack_name(cluster: str, nodegroup: str | None = None) -> str:
    """The name of a stack, as Magnum's own driver makes it; it is the prefix of its servers' names.

    A cluster has one stack for its two default groups, for which ``nodegroup`` is None, and one per further group.
    """
    of_cluster, of_group = _LONGEST_OF_GROUP
    cut = f"{cluster[:of_cluster]}-{nodegroup[:of_group]}" if nodegroup else cluster[:_LONGEST_PREFIX]
    prefix = cut.replace("_", "-").replace(".", "-")
    kept = "".join(letter for letter in prefix if letter in string.ascii_letters + string.digits + "-")
    suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
    return f"{kept}-{suffix}".lower()


def server_prefix(stack: str, role: str) -> str:
    """The prefix of the names of a node group's servers."""
    return f"{stack}-{_ROLES.get(role, role)}-"


@dataclass(frozen=True)
class Group:
    """The servers of one node group. A removed index is never used again, as in a Heat resource group."""

    prefix: str
    names: tuple[str, ...] = ()
    following: int = 0

    def resized(self, count: int, gone: Collection[str] = ()) -> Group:
        """The group with ``count`` servers and none of ``gone``; the highest indices are removed first."""
        kept = tuple(name for name in self.names if name not in gone)[:count]
        fresh = range(self.following, self.following + count - len(kept))
        names = (*kept, *(f"{self.prefix}{index}" for index in fresh))
        return replace(self, names=names, following=fresh.stop)


@dataclass(frozen=True)
class Roster:
    """A cluster's servers: node group UUID to group. ``since`` is the time of their last change (epoch seconds).

    ``stack`` is the name of the default groups' stack.
    """

    stack: str
    since: float
    groups: Mapping[str, Group] = field(default_factory=dict)

    @property
    def stacks(self) -> set[str]:
        """The names of all stacks that have servers."""
        return {group.prefix.rsplit("-", 2)[0] for group in self.groups.values()}

    @property
    def names(self) -> set[str]:
        """The names of all servers that should exist."""
        return {name for group in self.groups.values() for name in group.names}

    def save(self, path: Path) -> None:
        """Replaces the file atomically."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self)))
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The saved roster; FileNotFoundError if the cluster has no servers yet."""
        content = json.loads(path.read_text())
        groups = {
            uuid: Group(prefix=group["prefix"], names=tuple(group["names"]), following=group["following"])
            for uuid, group in content["groups"].items()
        }
        return cls(content["stack"], content["since"], groups)
