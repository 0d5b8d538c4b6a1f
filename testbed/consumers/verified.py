"""Asks the checks of `verify` of the programs of a sandbox, and judges the answers as in a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from panda_infra.clients.hosts import HostsByHttps
from panda_infra.clients.kubernetes.kubeconfig import Source, Target
from panda_infra.products.registry import COMPONENTS
from panda_infra.verify.asking import World
from panda_infra.verify.own_tests import OwnTests
from panda_infra.verify.results import Outcome, Result
from panda_infra.verify.run import verified
from testbed.consumers.cluster import Programs, Workloads
from testbed.consumers.sandbox import Check, Sandbox

__all__ = ["PREFIX", "answered", "refuted"]

PREFIX = "verify: "
"""Prefix of the name of a check with a good answer."""

_KNOWN = {check.name: check for spec in COMPONENTS.values() for check in spec.checks}
_NOWHERE = Target({}, {}, "", "", Source("the sandbox", ""))


def answered(sandbox: Sandbox, consumer: str, *names: str) -> Iterator[Check]:
    """Ask checks by their names, and all that a component describes by its name; each must be ok.

    A check is skipped if the stack file deploys nothing that could be asked.
    """
    asked = (
        check.name for name in names for check in _KNOWN.values() if name in (check.name, check.component)
    )
    for result in _asked(sandbox, asked):
        passed = result.absent or result.outcome is Outcome.OK
        yield Check(consumer, f"{PREFIX}{result.check.name}", passed, result.detail, skipped=result.absent)


def refuted(sandbox: Sandbox, consumer: str, when: str, checks: Mapping[str, str]) -> Iterator[Check]:
    """Ask checks that must fail now; ``checks`` maps their names to words of the expected reason."""
    for result in _asked(sandbox, checks):
        failed = result.outcome is Outcome.FAILED and checks[result.check.name] in result.detail
        detail = f"{result.outcome}: {result.detail}"
        yield Check(consumer, f"{when}: {result.check.name} fails", failed, detail)


def _asked(sandbox: Sandbox, names: Iterable[str]) -> Sequence[Result]:
    plan = sandbox.plan
    assert plan is not None  # noqa: S101 - the inside of the sandbox makes it
    world = World(
        plan,
        Workloads(),
        Programs(sandbox),
        HostsByHttps(),
        OwnTests(_NOWHERE, plan.config.namespace),
        {each["metadata"]["name"]: each for each in sandbox.objects if each["kind"] == "Secret"},
    )
    return verified(world, [_KNOWN[name] for name in names])
