"""Two people start a failover of one pair at once, in one checkout or in two; the engine locks each stack."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from typing_extensions import override

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import PandaInfraError
from panda_infra.failover.steps import Failover, Word
from panda_infra.plan.standby import Role
from tests.support.failing_over import FakeSite, World
from tests.unit.failover.test_steps import _OPERATED

_SITE = {
    "hosts": {},
    "components": {
        "msgsvc": {},
        "idds": {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}},
    },
}


@dataclass
class Shared(World):
    """Both data centres; ``meanwhile`` happens once, before the change with the number ``when``."""

    when: int = -1
    meanwhile: Callable[[], None] = lambda: None
    at_work: set[str] = field(default_factory=set)

    @override
    def changing(self, what: str) -> None:
        if self.changes == self.when:
            self.when = -1
            self.meanwhile()
        super().changing(what)


class Checkout(FakeSite):
    """A stack in one person's checkout: a file of its own, and the one cluster and state."""

    @property
    def _real(self) -> FakeSite:
        return self.world.sites[self.stack]

    @override
    def api(self) -> KubernetesApi:
        return self._real.cluster

    @override
    def role(self) -> Role | None:
        return self._real.recorded

    @override
    def up(self) -> None:
        assert isinstance(self.world, Shared)
        if self.stack in self.world.at_work:
            raise PandaInfraError(f"stack {self.stack} is locked by another run")
        self.world.at_work.add(self.stack)
        real = self._real
        former, real.sections = real.sections, self.sections
        try:
            real.up()
        finally:
            real.sections = former
            self.world.at_work.discard(self.stack)


def pair(made: dict[str, Any]) -> Shared:
    world = Shared(made)
    a, b = (world.site(name, {"of": "a", "by": "b"}) for name in ("a", "b"))
    a.up()
    b.up()
    world.changes = 0
    return world


def checkout(world: Shared) -> dict[str, Checkout]:
    return {
        name: Checkout(name, world, deepcopy(site.sections), timeline=site.timeline)
        for name, site in world.sites.items()
    }


def run(files: dict[str, Checkout], old: str, new: str, **word: bool) -> str:
    try:
        Failover(files[old], files[new], Word(**word), 0.0, lambda _line: None).run()
    except PandaInfraError as error:
        return str(error)
    return ""


def active(world: Shared) -> list[str]:
    return [name for name, site in world.sites.items() if site.pods()]


@pytest.mark.parametrize("made", [_OPERATED, _SITE], ids=["operator", "site"])
@pytest.mark.parametrize("ways", [("a", "b"), ("b", "a")], ids=["the same way", "the other way"])
@pytest.mark.parametrize("checkouts", [1, 2])
def test_never_do_both_work_and_one_of_them_does_in_the_end(
    made: dict[str, Any], ways: tuple[str, str], checkouts: int
) -> None:
    """The second one begins before each change of the first; the world refuses that both work or are written to."""
    for number in itertools.count():
        world = pair(made)
        files = [checkout(world)] * 2 if checkouts == 1 else [checkout(world), checkout(world)]
        second: list[str] = []

        def begin(theirs: dict[str, Checkout] = files[1], said: list[str] = second) -> None:
            said += [run(theirs, *ways, promoted=promoted) for promoted in (False, True)]

        world.when, world.meanwhile = number, begin
        for promoted in (False, True):
            run(files[0], "a", "b", promoted=promoted)
        if not second:
            assert number > 5
            break
        # Each tries again: the newest files win, the others are refused.
        for each in files:
            for promoted in (False, True):
                run(each, "a", "b", promoted=promoted)
        assert len(active(world)) == 1, (number, second)
