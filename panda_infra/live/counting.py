"""The Job that counts tables and rows of servers that were restored, by the programs of their own image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panda_infra.live.archives import Archived
from panda_infra.plan.confined import confined_container, confined_pod, from_secret
from panda_infra.plan.model import Plan
from panda_infra.plan.network.databases import database_label

__all__ = ["counting"]

_SCRIPTS = Path(__file__).resolve().parents[1] / "backup" / "scripts"
_WORK = "/work"
_SECONDS = 6 * 3600


def counting(
    plan: Plan, each: Archived, owner: Mapping[str, Any], service: str, image: str
) -> dict[str, Any]:
    """The Job, which goes with its ``owner``, the object of the servers; it reaches them by the ``service``."""
    name = f"{owner['metadata']['name']}-count"
    # The label of the database's own pods, who reach each other by the network policies.
    labels = {**database_label(each.cluster), "app.kubernetes.io/instance": name}
    owned = {
        "apiVersion": each.api,
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": plan.config.namespace,
            "labels": labels,
            "annotations": plan.owner.mark,
            "ownerReferences": [owned],
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": _SECONDS,
            "template": {"metadata": {"labels": labels}, "spec": _pod(plan, each, service, image)},
        },
    }


def _pod(plan: Plan, each: Archived, service: str, image: str) -> dict[str, Any]:
    script = (_SCRIPTS / f"{each.engine}.sh").read_text(encoding="utf-8")
    secret, database = plan.names.secret(each.each.database.secret), each.each.database
    given = {
        "DB_HOST": service,
        "DB_PORT": str(database.port),
        "DB_NAME": " ".join(each.databases(plan)),
        "DB_LEAVES_OUT": " ".join(each.leaves_out),
    }
    container = {
        "name": "count",
        "image": image,
        # A stack without the section `backup` has no ConfigMap with the script. Kubernetes halves each double dollar.
        "command": ["bash", "-c", script.replace("$", "$$"), f"{each.engine}.sh", "count"],
        "env": [
            *({"name": key, "value": value} for key, value in given.items()),
            from_secret("DB_USER", secret, database.user),
            from_secret("DB_PASSWORD", secret, database.password),
        ],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": confined_container(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "work", "mountPath": _WORK}],
    }
    return {
        "restartPolicy": "Never",
        **confined_pod(plan.config),
        "containers": [container],
        "volumes": [{"name": "work", "emptyDir": {"sizeLimit": "64Mi"}}],
    }
