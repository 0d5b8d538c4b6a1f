"""All consumers in the order of their start: later ones need earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from testbed.consumers import (
    activemq,
    dirac,
    diracx,
    distribution,
    idds,
    jedi,
    mariadb,
    panda,
    postgres,
    storage,
)
from testbed.consumers.prometheus import watch
from testbed.consumers.restores import drill, to_time
from testbed.consumers.rucio import consumer as rucio
from testbed.consumers.rucio import failover
from testbed.consumers.sandbox import Check, Sandbox
from testbed.real.software import Software

__all__ = [
    "ARCHIVE",
    "BACKUPS",
    "CONSUMERS",
    "DIRAC",
    "FAILOVER",
    "FIXTURES_OF_CTAO",
    "MONITORING",
    "OF_CTAO",
    "OF_PANDA",
    "Consumer",
]


@dataclass(frozen=True)
class Consumer:
    """A program that can be started: its images, its start, its checks.

    ``parts`` are the containers that the stack must have.
    """

    images: tuple[Software, ...]
    parts: tuple[str, ...]
    start: Callable[[Sandbox], None]
    check: Callable[[Sandbox], Iterator[Check]]


OF_PANDA: Mapping[str, Consumer] = {
    "postgres": Consumer(postgres.IMAGES, ("panda/server",), postgres.start, postgres.check),
    "mariadb": Consumer(mariadb.IMAGES, (), mariadb.start, mariadb.check),
    "activemq": Consumer(
        activemq.IMAGES, ("msgsvc/activemq", "panda/server", "idds/rest"), activemq.start, activemq.check
    ),
    "panda": Consumer(panda.IMAGES, ("panda/server", "panda/postgres"), panda.start, panda.check),
    "jedi": Consumer(
        jedi.IMAGES, ("panda/jedi", "panda/postgres", "msgsvc/activemq"), jedi.start, jedi.check
    ),
    "idds": Consumer(
        idds.IMAGES,
        ("idds/rest", "idds/postgres", "msgsvc/activemq", "panda/server", "panda/jedi", "panda/postgres"),
        idds.start,
        idds.check,
    ),
}
OF_CTAO: Mapping[str, Consumer] = {
    "rucio": Consumer(rucio.IMAGES, rucio.PARTS, rucio.start, rucio.check),
    "diracx": Consumer(diracx.IMAGES, diracx.PARTS, diracx.start, diracx.check),
}
DIRAC: Mapping[str, Consumer] = {
    "dirac": Consumer(dirac.IMAGES, dirac.PARTS, dirac.start, dirac.check),
}
FIXTURES_OF_CTAO: Mapping[str, Consumer] = {
    "storage": Consumer(storage.IMAGES, storage.PARTS, storage.start, storage.check),
    "registry": Consumer(distribution.IMAGES, distribution.PARTS, distribution.start, distribution.check),
}
BACKUPS: Mapping[str, Consumer] = {
    "backup": Consumer(drill.IMAGES, drill.PARTS, drill.start, drill.check),
}
ARCHIVE: Mapping[str, Consumer] = {
    "archive": Consumer(to_time.IMAGES, (), to_time.start, to_time.check),
}
MONITORING: Mapping[str, Consumer] = {
    "monitoring": Consumer(watch.IMAGES, watch.PARTS, watch.start, watch.check),
}
FAILOVER: Mapping[str, Consumer] = {
    "failover": Consumer(failover.IMAGES, failover.PARTS, failover.start, failover.check),
}
CONSUMERS: Mapping[str, Consumer] = {
    **OF_PANDA,
    **OF_CTAO,
    **DIRAC,
    **FIXTURES_OF_CTAO,
    **BACKUPS,
    **ARCHIVE,
    **MONITORING,
    **FAILOVER,
}
