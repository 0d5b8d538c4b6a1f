"""The developers' stacks of a project as they are in their clusters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import items
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.config.load import Loaded
from panda_infra.developers.parents import developer_stacks
from panda_infra.errors import PandaInfraError
from panda_infra.plan.developer import PREFIX
from panda_infra.stacks.access import reach
from panda_infra.stacks.decrypted import decrypted
from panda_infra.stacks.project import Project

__all__ = ["DeveloperStack", "overview"]

_AT_ONCE = 8
HEALTHY, GONE = "healthy", "not deployed"


@dataclass(frozen=True)
class DeveloperStack:
    """A developer's stack: ``created`` is the time of its namespace, None if there is none; ``health`` is for people.

    ``over`` is true after its last day.
    """

    name: str
    stack: str
    owner: str
    parent: str
    expires: date
    over: bool
    created: datetime | None = None
    ready: int = 0
    pods: int = 0
    health: str = GONE

    @property
    def is_healthy(self) -> bool:
        """True if it is as it should be: deployed with all pods ready, or not deployed, and not over."""
        return self.health == GONE or (self.health == HEALTHY and not self.over)


def overview(here: Project, today: date) -> list[DeveloperStack]:
    """Every developer's stack by name; each is looked at by its own access to its cluster, several at a time."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as beside:
        return list(beside.map(partial(_of, here, today), developer_stacks(here)))


def _of(here: Project, today: date, loaded: Loaded) -> DeveloperStack:
    config, developer = loaded.config, loaded.config.developer
    assert developer and config.lifecycle.expires  # noqa: S101, PT018 - a rule wants a last day
    last = date.fromisoformat(config.lifecycle.expires)
    known: dict[str, Any] = {
        "name": loaded.stack.removeprefix(PREFIX),
        "stack": loaded.stack,
        "owner": developer.user or developer.group or "",
        "parent": developer.parent,
        "expires": last,
        "over": last < today,
    }
    try:
        api = _reached(here, loaded)
        seen = _seen(api, config.namespace) if api else {}
    except PandaInfraError as error:
        return DeveloperStack(**known, health=f"cannot be looked at: {str(error).splitlines()[0]}")
    return DeveloperStack(**known, **seen)


def _reached(here: Project, loaded: Loaded) -> KubernetesApi | None:
    """The API of a stack's cluster; its secrets are decrypted only if the kubeconfig is one of them."""
    cluster, secrets = loaded.config.cluster, loaded.config.secrets
    if cluster.kind == "existing" and cluster.kubeconfig is None:
        secrets = decrypted(find_pulumi(here.folder), loaded.stack).config.secrets
    return reach(loaded.stack, cluster, secrets).kubernetes


def _seen(api: KubernetesApi, namespace: str) -> dict[str, Any]:
    found = api.call("GET", f"/api/v1/namespaces/{namespace}", missing=True)
    if found is None:
        return {}
    created = datetime.fromisoformat(found["metadata"]["creationTimestamp"])
    if "deletionTimestamp" in found["metadata"]:
        return {"created": created, "health": "is being deleted"}
    wanted, ready = 0, 0
    for kind in ("deployments", "statefulsets"):
        for each in items(api, f"/apis/apps/v1/namespaces/{namespace}/{kind}"):
            pods = each["spec"].get("replicas", 1)
            wanted += pods
            ready += min(each.get("status", {}).get("readyReplicas") or 0, pods)
    health = HEALTHY if ready == wanted else f"{wanted - ready} of {wanted} pods are not ready"
    return {"created": created, "ready": ready, "pods": wanted, "health": health}
