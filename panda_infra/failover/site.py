"""A stack of a pair as the steps of a failover see it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from typing import Protocol

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.inside import Inside, InsideByApi
from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.config.stack import StackConfig
from panda_infra.config.standby import Standby
from panda_infra.errors import PandaInfraError, Problem
from panda_infra.live.silence import answers
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.standby import Role
from panda_infra.stacks.access import Access, reach
from panda_infra.stacks.decrypted import decrypted
from panda_infra.stacks.edit import Wanted, apply
from panda_infra.stacks.project import Project

__all__ = ["Site", "SiteByEngine", "pair_of", "plan_of"]

_PAUSE = 5.0
_SILENCE = 10.0  # seconds without an answer after which a cluster may be off


class Site(Protocol):
    """One stack of a pair; each method may raise `PandaInfraError`."""

    stack: str

    def config(self) -> StackConfig:
        """The configuration as its file is now."""

    def write(self, values: Wanted) -> None:
        """Change its file."""

    def role(self) -> Role | None:
        """Its role when it was last deployed as a whole; None if it is not deployed, or outside of a pair."""

    def api(self) -> KubernetesApi:
        """Its cluster, which answers."""

    def answers(self) -> bool:
        """True if anything answers at its cluster's address, with any credential or none."""

    def inside(self) -> Inside:
        """The inside of its namespace."""

    def up(self) -> None:
        """Deploy it as its file is now."""


@dataclass
class SiteByEngine(Site):
    """A stack of the project, deployed by the engine."""

    here: Project
    pulumi: Pulumi
    stack: str
    say: Callable[[str], None]
    _access: Access | None = None
    _config: StackConfig | None = None

    def config(self) -> StackConfig:
        """The configuration as its file is now, with its secrets in the clear."""
        if self._config is None:
            self._config = decrypted(self.pulumi, self.stack).config
        return self._config

    def write(self, values: Wanted) -> None:
        """Change its file; the engine judges it when both are written."""
        apply(self.here.file(self.stack), values)
        self._config = None

    def role(self) -> Role | None:
        """The role in the engine's state; None if that has none."""
        return self.pulumi.recorded(self.stack).role if self.pulumi.has(self.stack) else None

    def api(self) -> KubernetesApi:
        """Its cluster.

        Raises:
            PandaInfraError: it does not answer, or refuses the credential.
        """
        api = self._reached().api(self.stack)
        api.call("GET", "/version")
        return api

    def answers(self) -> bool:
        """True if anything answers within a while at its cluster's address, if that is known."""
        try:
            return answers(self._reached().api(self.stack), within=_SILENCE)
        except PandaInfraError:
            return False

    def inside(self) -> Inside:
        """The inside of its namespace."""
        return InsideByApi(self._reached().way_in(self.stack), self.config().namespace)

    def up(self) -> None:
        """Deploy it by the engine, whose output goes to standard error.

        Raises:
            PandaInfraError: the engine fails.
        """
        self._await_others()
        if self.pulumi.follow("up", "--yes", "--skip-preview", "--stack", self.stack, aside=True):
            raise PandaInfraError(
                f"stack {self.stack} is not deployed as its file describes it; the engine reports above why. "
                "Nothing is undone: when that is corrected, start this command again"
            )

    def _await_others(self) -> None:
        """Wait for a run that a killed command has left at work, and take the lock of one that was killed with it."""
        while runs := self.pulumi.runs(self.stack):
            if all(each.dead for each in runs):
                self.pulumi.run("cancel", "--yes", "--stack", self.stack)
                return
            self.say(f"   waiting for the run of {runs[0].by} on {self.stack} ...")
            time.sleep(_PAUSE)

    def _reached(self) -> Access:
        if self._access is None:
            config = self.config()
            with chdir(self.here.folder):
                self._access = reach(self.stack, config.cluster, config.secrets)
        return self._access


def plan_of(site: Site) -> Plan:
    """The Plan of a stack as its file is now."""
    return make_plan(site.stack, site.config())


def pair_of(site: Site, other: Site) -> tuple[Standby, Standby]:
    """The sections of two stacks.

    Raises:
        PandaInfraError: they are no pair.
    """
    mine, theirs = site.config().standby, other.config().standby
    for stack, section in ((site.stack, mine), (other.stack, theirs)):
        if section is None or {section.of, section.by} != {site.stack, other.stack}:
            what = f"stacks {site.stack} and {other.stack} are no pair: Pulumi.{stack}.yaml"
            raise PandaInfraError(
                str(Problem("standby", f"{what} does not name both", "See docs/failover.md."))
            )
    assert mine and theirs  # noqa: S101, PT018 - looked at above
    return mine, theirs
