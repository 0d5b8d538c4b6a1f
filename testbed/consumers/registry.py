"""Which consumers there are, in the order in which they are started: later ones need those before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from testbed.consumers import activemq, idds, jedi, mariadb, panda, postgres
from testbed.consumers.sandbox import Check, Sandbox
from testbed.real.software import Software

__all__ = ["CONSUMERS", "Consumer"]


@dataclass(frozen=True)
class Consumer:
    """One that can be started: the images that it needs, how it starts, what is tried on it.

    ``parts`` are the containers that the stack must have for it.
    """

    images: tuple[Software, ...]
    parts: tuple[str, ...]
    start: Callable[[Sandbox], None]
    check: Callable[[Sandbox], Iterator[Check]]


CONSUMERS: Mapping[str, Consumer] = {
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
        idds.IMAGES, ("idds/rest", "idds/postgres", "msgsvc/activemq", "panda/jedi"), idds.start, idds.check
    ),
}
