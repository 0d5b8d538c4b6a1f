"""CloudNativePG's own operator beside a bed's API server: its definitions, and its webhooks as admission asks them."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from panda_infra.plan.postgres import API, ARCHIVE_SECRET, PLUGIN_API
from testbed import waiting
from testbed.api import Api, ApiError
from testbed.bed import Bed
from tests.support import fast_yaml
from tests.support.admission import DEFINITIONS, admission, again_and_again, fresh
from tools import toolchain

__all__ = ["CLUSTERS", "backed_up", "collection", "defined", "following", "ready", "serving"]

_SECONDS = 120
_CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "ClusterIsReady",
    "message": "Cluster is Ready",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
_CONTROL_DATA = (
    "redoWalFile",
    "databaseSystemIdentifier",
    "latestCheckpointREDOLocation",
    "timeOfLatestCheckpoint",
    "operatorVersion",
)
CLUSTERS = f"/apis/{API}/namespaces/{{}}/clusters"


def collection(api: str, kind: str, namespace: str) -> str:
    """The path of the objects of a kind."""
    return f"/apis/{api}/namespaces/{namespace}/{kind.lower()}s"


def defined(bed: Bed, *, plugin: bool = True) -> None:
    """Give a bed the operator's custom resource definitions, and a loose one of its plugin."""
    api = Api(bed.kubeconfig)
    for file in sorted(_folder().glob("postgresql.cnpg.io_*.yaml")):
        api.create(DEFINITIONS, fast_yaml.load(file.read_text()))
    if plugin:
        api.create(DEFINITIONS, _loose(PLUGIN_API.partition("/")[0], "ObjectStore"))
    paths = [f"/apis/{API}/clusters", f"/apis/{API}/scheduledbackups"]
    paths += [f"/apis/{PLUGIN_API}/objectstores"] if plugin else []
    for path in paths:
        waiting.until(partial(api.serves, path), f"{path} being served", _SECONDS)


@contextmanager
def serving(bed: Bed) -> Iterator[None]:
    """Run the operator for a bed, with its webhooks in the API server's way, until the end of the context."""
    folder = fresh(bed, "cnpg")
    (folder / "operator").mkdir()
    manager = toolchain.ensure(["cloudnative-pg"]).path("manager")
    # It reads itself from there, to give it to the pods that it makes.
    shutil.copyfile(manager, folder / "operator" / "manager_amd64")

    def words(port: int) -> tuple[str | Path, ...]:
        return manager, "controller", f"--webhook-port={port}", "--metrics-bind-address=0"

    with admission(
        bed,
        folder,
        words,
        files=("apiserver.crt", "apiserver.key"),
        configurations=(_folder() / "manifests.yaml").read_text(),
        environment={"WEBHOOK_CERT_DIR": str(folder / "certificates"), "OPERATOR_NAMESPACE": "default"},
    ):
        yield


@contextmanager
def ready(bed: Bed, namespace: str) -> Iterator[None]:
    """Mark each Cluster as ready, as the operator does when its pods serve: here none ever do."""
    api = Api(bed.kubeconfig)

    def say() -> None:
        for each in api.list(CLUSTERS.format(namespace)):
            if not (each.get("status") or {}).get("conditions"):
                path = f"{CLUSTERS.format(namespace)}/{each['metadata']['name']}/status"
                with suppress(ApiError):  # it is being deleted
                    api.merge(path, {"status": {"conditions": [_CONDITION]}})

    with again_and_again(say):
        yield


def backed_up(bed: Bed, namespace: str, server: str) -> None:
    """Describe in the archive that there is a base backup, as the plugin does."""
    window = {"firstRecoverabilityPoint": "2026-01-01T00:00:00Z"}
    path = f"{collection(PLUGIN_API, 'ObjectStore', namespace)}/{ARCHIVE_SECRET}/status"
    Api(bed.kubeconfig).merge(path, {"status": {"serverRecoveryWindow": {server: window}}})


def _folder() -> Path:
    return toolchain.ensure(["cloudnative-pg"]).path("manager").parent


def _loose(group: str, kind: str) -> dict[str, Any]:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    singular = kind.lower()
    names = {"plural": f"{singular}s", "singular": singular, "kind": kind, "listKind": f"{kind}List"}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{singular}s.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


@contextmanager
def following(bed: Bed, *namespaces: str) -> Iterator[None]:
    """Describe each Cluster as the operator does whose pods serve: ready, demoted with a token, promoted by one."""
    api = Api(bed.kubeconfig)

    def describe() -> None:
        for namespace in namespaces:
            for each in api.list(CLUSTERS.format(namespace)):
                if status := _next(each["spec"], each.get("status") or {}):
                    path = f"{CLUSTERS.format(namespace)}/{each['metadata']['name']}/status"
                    with suppress(ApiError):  # it is being deleted
                        api.merge(path, {"status": status})

    with again_and_again(describe):
        yield


def _next(spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    """What changes in the status of a Cluster; nothing if it is as it should be."""
    replica = spec["replica"]
    role = "replica" if replica["primary"] != replica["self"] else "primary"
    was, timeline = status.get("targetPrimary"), status.get("timelineID", 1)
    token = replica.get("promotionToken", "")
    if was == role and status.get("lastPromotionToken", "") == token:
        return {}
    made: dict[str, Any] = {
        "conditions": [_CONDITION],
        "currentPrimary": "first",
        # No operator writes a role there; it is the memory of this one.
        "targetPrimary": role,
        "timelineID": timeline + (was == "replica" and role == "primary"),
        "lastPromotionToken": token or None,
    }
    if was == "primary" and role == "replica":
        content = {"latestCheckpointTimelineID": str(timeline)} | dict.fromkeys(_CONTROL_DATA, "1")
        made["demotionToken"] = base64.b64encode(json.dumps(content).encode()).decode()
    return made
