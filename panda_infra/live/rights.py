"""Ask the API server whether the user may make what a plan consists of, before anything is made.

A run that may not make its last kind of objects would leave the stack half done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.reviews import may, rules_in
from panda_infra.errors import Problem, shortened
from panda_infra.plan.model import Plan
from panda_infra.plan.rights import VERBS, Resource, needed

__all__ = ["missing_rights"]


def missing_rights(plan: Plan, kubernetes: KubernetesApi, *, previewing: bool) -> list[Problem]:
    """One problem for each kind of objects that the user may not make and change in the plan's namespace.

    There is none in a preview by a user who may not make anything: another one then deploys.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    wanted = needed(plan)
    if not wanted:
        return []
    namespace = plan.config.namespace
    rules = rules_in(kubernetes, namespace)
    doubtful = [
        (resource, verb) for resource in wanted for verb in VERBS if not _given(rules, resource, verb)
    ]

    def is_allowed(asked: tuple[Resource, str]) -> bool:
        resource, verb = asked
        return may(kubernetes, namespace=namespace, group=resource.group, resource=resource.name, verb=verb)

    with ThreadPoolExecutor(max_workers=8) as beside:
        allowed = beside.map(is_allowed, doubtful)
    refused: dict[Resource, list[str]] = {}
    for (resource, verb), known in zip(doubtful, allowed, strict=True):
        if not known:
            refused.setdefault(resource, []).append(verb)
    if previewing and all("create" in refused.get(resource, ()) for resource in wanted):
        return []
    return [_problem(plan, resource, verbs, wanted[resource]) for resource, verbs in refused.items()]


def _given(rules: Iterable[Mapping[str, Any]], resource: Resource, verb: str) -> bool:
    """True if a rule certainly allows the verb for every object of the kind."""
    return any(
        not rule.get("resourceNames")
        and _among(resource.group, rule.get("apiGroups"))
        and _among(resource.name, rule.get("resources"))
        and _among(verb, rule.get("verbs"))
        for rule in rules
    )


def _among(word: str, words: Sequence[str] | None) -> bool:
    return "*" in (words or ()) or word in (words or ())


def _problem(plan: Plan, resource: Resource, verbs: Sequence[str], keys: Sequence[str]) -> Problem:
    namespace = plan.config.namespace
    return Problem(
        "namespace",
        f"the kubeconfig's user may not {', '.join(verbs)} {resource} in {namespace}, which "
        f"{shortened(keys)} needs",
        f"Ask who runs the cluster for these rights, for instance by the ClusterRole `edit` in {namespace}; "
        f"`kubectl auth can-i {verbs[0]} {resource} --namespace {namespace}` must answer yes.",
    )
