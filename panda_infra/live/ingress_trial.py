"""Test by a dry run whether a cluster's controllers and policies accept a plan's Ingresses."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotFoundError
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import Problem
from panda_infra.live.trial import NOT_ALLOWED, refusal
from panda_infra.plan.ingresses import TrialIngress, ingresses
from panda_infra.plan.model import Plan

__all__ = ["tried"]

# For the dry run while the stack's own namespace is missing.
_ELSEWHERE = "default"
_SNIPPETS = (
    "Write `exposure: {kind: ingress}`, which needs no snippets, or let the controller take them: "
    'ingress-nginx needs `allow-snippet-annotations: "true"` and, from 1.12 on, `annotations-risk-level: Critical`.'
)
_OTHER = "Correct `exposure` or the host as the cluster demands, or ask who runs the cluster."


def tried(plan: Plan, api: KubernetesApi) -> tuple[list[Problem], list[str]]:
    """The Ingresses that the cluster refuses, and notes on those that could not be tested.

    Raises:
        KubernetesError: the cluster does not answer.
    """
    # On a Magnum cluster the program allows snippets itself, after this check.
    trials = list(ingresses(plan, snippets=not isinstance(plan.config.cluster, MagnumCluster)))
    if not trials:
        return [], []
    with ThreadPoolExecutor(max_workers=len(trials)) as beside:
        answers = list(beside.map(lambda trial: _answer(api, trial, plan.config.namespace), trials))
    found = [
        each for trial, error in zip(trials, answers, strict=True) if error for each in _told(trial, error)
    ]
    notes = [each for each in found if isinstance(each, str)]
    return [each for each in found if isinstance(each, Problem)], list(dict.fromkeys(notes))


def _answer(api: KubernetesApi, trial: TrialIngress, namespace: str) -> KubernetesError | None:
    error = _dry_run(api, trial, namespace)
    return _dry_run(api, trial, _ELSEWHERE) if isinstance(error, KubernetesNotFoundError) else error


def _dry_run(api: KubernetesApi, trial: TrialIngress, namespace: str) -> KubernetesError | None:
    body = {**trial.body, "metadata": {**trial.body["metadata"], "namespace": namespace}}
    return refusal(api, f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses", body)


def _told(trial: TrialIngress, error: KubernetesError) -> Iterator[Problem | str]:
    if error.status == HTTPStatus.FORBIDDEN and NOT_ALLOWED in error.what:
        yield "whether the cluster takes the Ingresses was not tried: the user may not create any"
    elif error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield f"{trial.where}: whether the cluster takes the Ingress could not be tried: {error.what}"
    else:
        snippets = any(name.endswith("-snippet") for name in trial.body["metadata"]["annotations"])
        fix = _SNIPPETS if snippets and "annotation" in error.what else _OTHER
        yield Problem(trial.where, f"the cluster refuses the Ingress: {error.what}", fix)
