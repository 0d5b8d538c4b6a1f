"""Find autoscalers that change numbers of pods that this program sets."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import listing
from panda_infra.errors import Problem
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.model import Plan
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import Replicated

__all__ = ["two_owners"]


def two_owners(plan: Plan, api: KubernetesApi) -> Iterator[Problem]:
    """Workloads whose number of pods is set by the stack file and by an autoscaler in the cluster.

    Empty if the user may not list autoscalers.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    path = f"/apis/autoscaling/v2/namespaces/{plan.config.namespace}/horizontalpodautoscalers"
    scaled = {
        (target["kind"], target["name"]): item["metadata"]["name"]
        for item in listing(api, path).items
        for target in [item["spec"]["scaleTargetRef"]]
    }
    if not scaled:
        return
    for name, component in plan.config.components.deployed().items():
        for sub, config in enabled_sub_components(COMPONENTS[name], component):
            scaler = scaled.get((sub.workload, plan.names.workload(name, sub.name)))
            if scaler is None or (isinstance(config, Replicated) and config.replica_counts == "autoscaler"):
                continue
            what = f"HorizontalPodAutoscaler {scaler} changes the number of pods that this program would set"
            fix = "Write `replicaCounts: autoscaler` to leave it to it, or delete the autoscaler."
            if not isinstance(config, Replicated):
                fix = "Delete the autoscaler: this can have but one pod."
            yield Problem(f"components.{name}.{sub.name}.replicaCounts", what, fix)
