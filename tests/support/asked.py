"""Which checks of `verify` are asked of DPPS' own software, by the consumers that ask them, and which of none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from testbed.consumers.sandbox import Check
from testbed.consumers.verified import PREFIX

__all__ = ["ASKED", "NOT_STARTED", "names"]

ASKED: Mapping[str, frozenset[str]] = {
    "storage": frozenset({"xrootd.answers"}),
    "registry": frozenset({"distribution.answers"}),
    "rucio": frozenset(
        {
            "rucio-db.database",
            "rucio-db.tables",
            "rucio.ping",
            "rucio.whoami",
            "rucio-config.storages",
            "rucio-daemons.rule",
        }
    ),
    "diracx": frozenset(
        {"dirac-db.database", "fts.database", "objectstore.answers", "diracx.ready", "diracx.keys"}
    ),
    "dirac": frozenset({"dirac-db.database", "dirac.configuration"}),
}
NOT_STARTED = frozenset(
    {"opensearch.answers", "dex.answers", "fts.answers", "cvmfs-volume.answers", "ce.answers"}
)
"""Those of programs that are in no registry of packages."""


def names(checks: Iterable[Check]) -> set[str]:
    """The names of the checks of `verify` that were asked, among those of a consumer."""
    return {
        each.what.removeprefix(PREFIX) for each in checks if each.what.startswith(PREFIX) and not each.skipped
    }
