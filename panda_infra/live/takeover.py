"""Find others who could still change or delete the objects that a stack takes over."""

from __future__ import annotations

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.errors import Problem
from panda_infra.helm.records import histories
from panda_infra.live.other_applications import applications, refusal
from panda_infra.plan.model import Plan
from panda_infra.products.names import SECRET_PREFIX

__all__ = ["others_at_work", "to_hand_over"]

_KEY = "namespace.takeOver"


def others_at_work(plan: Plan, api: KubernetesApi) -> list[Problem]:
    """Others who would undo the stack's changes to the objects that it takes over; empty if the user may not look.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    names = {release.name for release in plan.releases}
    try:
        found = [
            each
            for each in applications(api, plan.config.namespace)
            if each.release in names and not plan.owner.wrote(each.mark)
        ]
    except KubernetesNotAllowedError:
        return []
    if not found:
        return []
    words, *commands = refusal(found).splitlines()
    return [Problem(_KEY, words, "\n      ".join(command.strip() for command in commands))]


def to_hand_over(plan: Plan, api: KubernetesApi) -> list[Problem]:
    """Objects of a release that would be deleted with it.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    if SECRET_PREFIX not in histories(api, plan.config.namespace):
        return []
    what = f"the stack's Secrets still belong to Helm's release {SECRET_PREFIX}, and would go with it"
    fix = f"Run `python -m panda_infra hand-over {plan.stack}`, which shows what it does, then with --yes."
    return [Problem(_KEY, what, fix)]
