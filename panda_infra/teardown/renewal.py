"""Renew the credential in the engine's state before a stack is destroyed.

The engine reads and deletes the objects in the cluster by the kubeconfig in its state. When its credential has
expired, the engine reports an unreachable cluster; only an update renews it. The owner of a developer's namespace may
have deployed last, who cannot delete what is around it.
"""

from __future__ import annotations

import json
from typing import Any

from panda_infra.clients.kubernetes.errors import KubeconfigError, KubernetesError
from panda_infra.clients.kubernetes.kubeconfig import STATE, Target
from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.cluster.existing import lets_in
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import PandaInfraError
from panda_infra.plan.model import Plan

__all__ = ["renew_access"]

_PROVIDER = "pulumi:providers:kubernetes"
_ACCESS = "**:ClusterAccess::*"


def renew_access(plan: Plan, pulumi: Pulumi, present: Target | None = None) -> None:
    """Update only the credential if the cluster, which answers, refuses the one in the state.

    That of a developer's stack is updated too if it is not the ``present`` one.

    Raises:
        PandaInfraError: the update failed.
    """
    recorded = _recorded(pulumi, plan.stack)
    if recorded is None or (_serves(*recorded) and not _is_anothers(plan, present, *recorded)):
        return
    cluster = plan.config.cluster
    made = [_ACCESS] if isinstance(cluster, MagnumCluster) else []
    targets = [word for urn in (*made, f"**{_PROVIDER}::*") for word in ("--target", urn)]
    if pulumi.follow("up", "--skip-preview", "--yes", "--stack", plan.stack, *targets):
        name = f" {cluster.name}" if isinstance(cluster, MagnumCluster) else ""
        raise PandaInfraError(
            f"stack {plan.stack} is not destroyed: the credential in its state for cluster{name} has ended, "
            "and the engine reports above why it is not renewed.\n  Mend that until `pulumi up` works, then try again. "
            "The cluster is there: remove nothing from the state as unreachable"
        )


def _recorded(pulumi: Pulumi, stack: str) -> tuple[str, str | None] | None:
    """The kubeconfig that the engine would use, and its context if one is named; None without a kubeconfig."""
    state = json.loads(pulumi.run("stack", "export", "--show-secrets", "--stack", stack))
    resources: list[dict[str, Any]] = state["deployment"].get("resources") or []
    for resource in resources:
        inputs = resource.get("inputs", {})
        if resource["type"] == _PROVIDER and "kubeconfig" in inputs:
            return str(json.loads(inputs["kubeconfig"]["plaintext"])), inputs.get("context")
    return None


def _is_anothers(plan: Plan, present: Target | None, kubeconfig: str, context: str | None) -> bool:
    """True if somebody else deployed a developer's stack last."""
    if plan.config.developer is None or present is None:
        return False
    user = {key: value for key, value in STATE.target(kubeconfig, context).user.items() if key != "as"}
    return user != {key: value for key, value in present.user.items() if key != "as"}


def _serves(kubeconfig: str, context: str | None) -> bool:
    try:
        lets_in(STATE.target(kubeconfig, context))
    except (KubeconfigError, KubernetesError):
        return False
    return True
