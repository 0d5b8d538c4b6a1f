"""Warnings about valid settings of DPPS that work only in part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.errors import Problem
from panda_infra.products.ctao.components.rucio_config import RucioConfig
from panda_infra.products.ctao.components.rucio_daemons import RucioDaemons
from panda_infra.products.ctao.experiments import EXPERIMENTS
from panda_infra.products.ctao.interfaces import Fixture, Interfaces, Trusted

if TYPE_CHECKING:
    from panda_infra.config.stack import StackConfig

__all__ = ["warnings"]

_FILES_ARE_MOVED = "fts3"


def warnings(config: StackConfig, stack: str) -> Iterator[Problem]:  # noqa: ARG001 - as every product's
    """Warnings about fixtures that keep protected data, and about settings without which transfers fail."""
    yield from _fixtures(config)
    if not EXPERIMENTS[config.experiment].on_test_bed:
        yield from _transfers(config)


def _fixtures(config: StackConfig) -> Iterator[Problem]:
    """The fixtures of a protected stack that no rule refuses."""
    interfaces = config.maybe(Interfaces)
    if interfaces is None or not config.lifecycle.protect:
        return
    for field, info in type(interfaces).model_fields.items():
        if isinstance(getattr(interfaces, field), Fixture):
            what = "is a fixture, which has one pod and is made for tests, in a protected stack"
            fix = f"Write `{info.alias}: {{kind: external, ...}}` if the site has one."
            yield Problem(f"interfaces.{info.alias}", what, fix)


def _transfers(config: StackConfig) -> Iterator[Problem]:
    daemons = config.components.get(RucioDaemons)
    if daemons is None or daemons.settings.transfer_tool != _FILES_ARE_MOVED:
        return
    if daemons.settings.robot is None:
        what = "is missing: without a certificate FTS and storages refuse the daemons"
        fix = 'Write its subject, e.g. `robot: "CN=Robot: DPPS,OU=Robots,O=CTAO"`.'
        yield Problem("components.rucio-daemons.settings.robot", what, fix, awaits_site=True)
    interfaces, declared = config.maybe(Interfaces) or Interfaces(), config.components.get(RucioConfig)
    outside = [each for each in (interfaces.fts, interfaces.storage) if isinstance(each, Trusted)]
    if daemons.settings.robot and outside and not any(each.trust for each in outside):
        what = "is missing, as that of the storages is: the daemons know no authority but the stack's own"
        yield Problem("interfaces.fts.trust", what, "Add the PEM text of those of FTS and storages.")
    rses = declared.settings.rses if declared else {}
    if lacking := [name for name, rse in rses.items() if not interfaces.fts and "fts" not in rse.attributes]:
        what = f"is missing, and {', '.join(lacking)} names no other FTS: Rucio copies nothing there"
        yield Problem("interfaces.fts", what, "Write e.g. `fts: {kind: external, url: ...}`.")
