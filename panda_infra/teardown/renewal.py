"""The engine's own way into a Magnum cluster, renewed when a stack that lay idle is to go.

The engine looks at what is in the cluster, and deletes it, with the kubeconfig of its state, and says that the cluster
is unreachable once that has ended; only an update makes a new one.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from panda_infra.cluster.api_access import answer, target
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import PandaInfraError
from panda_infra.plan.model import Plan
from panda_infra.stacks.pulumi import Pulumi

__all__ = ["renew_access"]

_PROVIDER = "pulumi:providers:kubernetes"
_TARGETS = ("**:ClusterAccess::*", f"**{_PROVIDER}::*")
_FIRST_ERROR = 400


def renew_access(plan: Plan, pulumi: Pulumi) -> None:
    """Run an update of nothing but the credential if the cluster, which is there, refuses the one in the state.

    Raises:
        PandaInfraError: the update failed.
    """
    if not isinstance(plan.config.cluster, MagnumCluster):
        return
    recorded = _recorded(pulumi, plan.stack)
    if recorded is None or _lets_in(recorded):
        return
    targets = [word for urn in _TARGETS for word in ("--target", urn)]
    if pulumi.follow("up", "--skip-preview", "--yes", "--stack", plan.stack, *targets):
        raise PandaInfraError(
            f"stack {plan.stack} is not destroyed: its credential for cluster {plan.config.cluster.name} has ended, "
            "and the engine says above why it is not renewed.\n  Mend that until `pulumi up` works, then try again. "
            "The cluster is there: remove nothing from the state as unreachable"
        )


def _recorded(pulumi: Pulumi, stack: str) -> str | None:
    """The kubeconfig that the engine would use; None when it has none."""
    state = json.loads(pulumi.run("stack", "export", "--show-secrets", "--stack", stack))
    resources: list[dict[str, Any]] = state["deployment"].get("resources") or []
    for resource in resources:
        if resource["type"] == _PROVIDER and "kubeconfig" in resource.get("inputs", {}):
            return str(json.loads(resource["inputs"]["kubeconfig"]["plaintext"]))
    return None


def _lets_in(kubeconfig: str) -> bool:
    try:
        status, _ = answer(target(yaml.safe_load(kubeconfig), None), kubeconfig, None)
    except Exception:  # noqa: BLE001 - TLS with another authority: anything may come
        return False
    return status < _FIRST_ERROR
