"""Give the objects of an Application to a Helm release, without changing what they do.

Helm installs a release over objects that bear its marks and takes them into its record. Every step may be repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from panda_infra.argocd.claims import destination_of
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.paths import ObjectPaths
from panda_infra.errors import PandaInfraError
from panda_infra.plan.argocd_names import TRACKING, UNDELETED

__all__ = ["detach", "hand_back"]

_PAUSE = 0.5
_MANAGED_BY = "app.kubernetes.io/managed-by"
_RELEASE, _NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
# A merge patch of a list replaces it; null removes it.
_STOPPED = {"metadata": {"finalizers": None}, "spec": {"syncPolicy": {"automated": None}}}

Object = Mapping[str, Any]


def hand_back(api: KubernetesApi, path: str, *, within: float) -> int:
    """Mark everything that an Application has deployed as its release's, and delete the Application alone.

    Args:
        api: of the cluster.
        path: of the Application.
        within: seconds for a sync that is at work to end.

    Returns:
        the number of objects.

    Raises:
        PandaInfraError: a sync does not end.
        KubernetesError: the cluster cannot be asked, or refuses.
    """
    application = detach(api, path, within=within)
    if application is None:
        return 0
    namespace, release = destination_of(application)
    paths = ObjectPaths(api, namespace)
    resources = (application.get("status") or {}).get("resources") or ()
    for each in resources:
        version = f"{each['group']}/{each['version']}" if each.get("group") else each["version"]
        where = paths.of(version, each["kind"], each["name"], each.get("namespace") or "")
        if where:
            _mark(api, where, release, namespace)
    api.call("DELETE", path, query=[("propagationPolicy", "Orphan")], missing=True)
    _wait(lambda: api.call("GET", path, missing=True) is None, within, "is not deleted")
    return len(resources)


def detach(api: KubernetesApi, path: str, *, within: float) -> Object | None:
    """Stop an Application: it neither syncs nor deletes anything any more; None if it is gone.

    Raises:
        PandaInfraError: a sync does not end.
        KubernetesError: the cluster cannot be asked, or refuses.
    """
    if api.call("GET", path, missing=True) is None:
        return None
    api.call("PATCH", path, body=_STOPPED, missing=True)
    found: list[Object | None] = []

    def is_idle() -> bool:
        live = api.call("GET", path, missing=True)
        found[:] = [live]
        running = ((live or {}).get("status") or {}).get("operationState") or {}
        return live is None or not ("operation" in live or running.get("phase") == "Running")

    _wait(is_idle, within, "does not end its sync")
    return found[0]


def _mark(api: KubernetesApi, path: str, release: str, namespace: str) -> None:
    gone = dict.fromkeys((TRACKING, *UNDELETED))
    notes: dict[str, str | None] = {_RELEASE: release, _NAMESPACE: namespace, **gone}
    body = {"metadata": {"labels": {_MANAGED_BY: "Helm"}, "annotations": notes}}
    api.call("PATCH", path, body=body, missing=True)


def _wait(condition: Callable[[], bool], within: float, what: str) -> None:
    deadline, pause = time.monotonic() + within, threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise PandaInfraError(
                f"the Application {what} within {within:.0f} s: does Argo CD's controller run?"
            )
        pause.wait(_PAUSE)
