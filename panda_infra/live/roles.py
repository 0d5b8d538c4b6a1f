"""Read the role of a stack of a pair in its cluster, and whether its services run or rest."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import NotAskedError, WrongError
from panda_infra.live.pods import Pods
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.model import Plan
from panda_infra.plan.standby import MARK, Role, role_in
from panda_infra.products.registry import COMPONENTS

__all__ = ["live_role", "not_running", "not_stopped"]


def live_role(plan: Plan, api: KubernetesApi) -> Role | None:
    """The role of the stack by its mark in the cluster; None if there is no mark.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    path = f"/api/v1/namespaces/{plan.config.namespace}/configmaps/{MARK}"
    return role_in(api.call("GET", path, missing=True) or {})


def not_running(plan: Plan, api: KubernetesApi) -> list[str]:
    """Each part of a stack that does not run as an active one's does, with the reason.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    pods, found = Pods(api, plan), []
    for part in _parts(plan):
        try:
            pods.all_run(part)
        except NotAskedError:
            continue  # its pods are ready, though only simulated
        except WrongError as error:
            found.append(f"{part}: {error}")
    return found


def not_stopped(plan: Plan, api: KubernetesApi) -> list[str]:
    """The pods of a stack that serve or work, those that are ending too; databases are left out.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    pods = Pods(api, plan)
    return [name for part in _parts(plan) for name in pods.left(part)]


def _parts(plan: Plan) -> Iterator[str]:
    for name, component in plan.config.components.deployed().items():
        for sub, _ in enabled_sub_components(COMPONENTS[name], component):
            if not sub.is_database:
                yield f"{name}/{sub.name}"
