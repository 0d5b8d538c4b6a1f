"""Try whether pods that ship logs may read files of their nodes, before anything is made."""

from __future__ import annotations

import re

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotFoundError
from panda_infra.errors import Problem
from panda_infra.live.trial import NOT_ALLOWED, refusal
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.logs import LABELS, NAME, pod, shipping

__all__ = ["shipper_refused"]

# These refusals are about the trial's own pod, not about access to files.
_NOT_ABOUT_RIGHTS = re.compile(rf"{NOT_ALLOWED}|exceeded quota|service ?account", re.IGNORECASE)


def shipper_refused(plan: Plan, api: KubernetesApi) -> tuple[list[Problem], list[str]]:
    """The problem of a namespace that refuses the shipper's pod, and a note if that could not be tested.

    A namespace that does not exist yet is the stack's own, and has no rules of others.

    Raises:
        KubernetesError: the cluster does not answer.
    """
    section, namespace = shipping(plan.config), plan.config.namespace
    if section is None:
        return [], []
    metadata = {"name": f"{NAME}-trial", "namespace": namespace, "labels": LABELS}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod(plan.config, section)}
    error = refusal(api, f"/api/v1/namespaces/{namespace}/pods", body)
    if error is None or isinstance(error, KubernetesNotFoundError):
        return [], []
    if _NOT_ABOUT_RIGHTS.search(error.what):
        return [], [
            f"monitoring.logs: whether its pods may read files of the nodes was not tried: {error.what}"
        ]
    what = f"its pods would read files of the nodes, which the cluster refuses: {error.what}"
    fix = (
        "Have who runs the cluster allow it (namespaces with the label "
        "`pod-security.kubernetes.io/enforce: privileged`) or ship the logs; without either, remove the key."
    )
    return [Problem("monitoring.logs", what, fix)], []
