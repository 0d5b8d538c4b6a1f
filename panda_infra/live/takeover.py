"""Whether what a stack takes over is its own yet, or still somebody else's to change or delete."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.catalog.names import SECRET_PREFIX
from panda_infra.errors import Problem
from panda_infra.helm.records import histories
from panda_infra.kube.client import KubernetesApi
from panda_infra.live.argo import applications, refusal
from panda_infra.plan.model import Plan

__all__ = ["others_at_work", "to_hand_over"]


def others_at_work(plan: Plan, api: KubernetesApi) -> Iterator[Problem]:
    """Who would undo what the stack does to what it takes over.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    names = {release.name for release in plan.releases}
    found = [each for each in applications(api, plan.config.namespace) if each.release in names]
    if found:
        words, _, commands = refusal(found).partition("\n")
        yield Problem("namespace.takeOver", words, commands.strip())


def to_hand_over(plan: Plan, api: KubernetesApi) -> Iterator[Problem]:
    """What must be somebody's before the stack's first run, since Helm would delete or refuse it otherwise.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    if SECRET_PREFIX in histories(api, plan.config.namespace):
        what = f"the stack's Secrets still belong to Helm's release {SECRET_PREFIX}, and would go with it"
        fix = (
            f"Run `python -m panda_infra hand-over {plan.stack}`, which shows what it does, then with --yes."
        )
        yield Problem("namespace.takeOver", what, fix)
