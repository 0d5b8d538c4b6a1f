"""Which consumers there are, in the order in which they are started: later ones need those before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from testbed.consumers import activemq, mariadb, postgres
from testbed.consumers.sandbox import Check, Sandbox
from tools.images import Image

__all__ = ["CONSUMERS", "Consumer"]


@dataclass(frozen=True)
class Consumer:
    """One that can be started: the images that it needs, how it starts, what is tried on it.

    ``parts`` are the containers that the stack must have for it.
    """

    images: tuple[Image, ...]
    parts: tuple[str, ...]
    start: Callable[[Sandbox], None]
    check: Callable[[Sandbox], Iterator[Check]]


CONSUMERS: Mapping[str, Consumer] = {
    "postgres": Consumer(postgres.IMAGES, ("panda/server",), postgres.start, postgres.check),
    "mariadb": Consumer(mariadb.IMAGES, (), mariadb.start, mariadb.check),
    "activemq": Consumer(
        activemq.IMAGES, ("msgsvc/activemq", "panda/server", "idds/rest"), activemq.start, activemq.check
    ),
}
