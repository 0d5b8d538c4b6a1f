"""The objects of node recovery in the cluster: the program as a ConfigMap, its Deployment, and its few rights."""

from __future__ import annotations

import hashlib
from typing import Any

from panda_infra.config.node_recovery import NodeRecovery
from panda_infra.plan.confined import confined_container, confined_user
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.values.placement import stay
from panda_infra.program_files import ProgramFiles

__all__ = ["LABELS", "NAME", "node_recovery_objects", "recovers_in_cluster"]

NAME = "panda-infra-node-recovery"
"""The name of every object of node recovery, its Lease included."""

_FILES = ProgramFiles(("clients/pod/*.py", "node_recovery/*.py"))
_PROGRAM, _CREDENTIAL = "/program", "/var/run/panda-infra/nova"
_LEASES = "coordination.k8s.io"
_RBAC = "rbac.authorization.k8s.io/v1"
LABELS = {"app.kubernetes.io/name": NAME}
"""The labels of its pods."""
# Seconds until a pod of node recovery itself leaves a lost node.
_STAYS = 30


def recovers_in_cluster(plan: Plan) -> bool:
    """True if the stack makes the objects."""
    settings = plan.config.node_recovery
    return settings is not None and settings.runs == "cluster"


def node_recovery_objects(plan: Plan) -> tuple[ClusterObject, ...]:
    """Each object but the Secret with the credential, in an order in which each finds what it needs."""
    settings = plan.config.node_recovery
    if settings is None or not recovers_in_cluster(plan):
        return ()
    here, beats = plan.config.namespace, "kube-node-lease"
    nodes = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "patch"]}]
    # The right to create cannot be limited to a name.
    lease = [
        {"apiGroups": [_LEASES], "resources": ["leases"], "verbs": ["create"]},
        {
            "apiGroups": [_LEASES],
            "resources": ["leases"],
            "resourceNames": [NAME],
            "verbs": ["get", "update"],
        },
    ]
    heartbeats = [{"apiGroups": [_LEASES], "resources": ["leases"], "verbs": ["list"]}]
    return (
        ClusterObject("v1", "ServiceAccount", "account", {"metadata": _metadata(plan, here)}),
        ClusterObject("v1", "ConfigMap", "program", {"metadata": _metadata(plan, here), "data": _FILES.data}),
        *_allowed(plan, "nodes", nodes, None),
        *_allowed(plan, "lease", lease, here),
        *_allowed(plan, "heartbeats", heartbeats, beats),
        ClusterObject(
            "apps/v1",
            "Deployment",
            "controller",
            {"metadata": _metadata(plan, here), "spec": _deployment(plan, settings)},
        ),
    )


def _metadata(plan: Plan, namespace: str | None) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {"name": NAME, **place, "labels": LABELS, "annotations": plan.owner.mark}


def _allowed(
    plan: Plan, name: str, rules: list[dict[str, Any]], namespace: str | None
) -> tuple[ClusterObject, ClusterObject]:
    """A role with its binding to the program's account; without a namespace for the whole cluster."""
    kind = "Role" if namespace else "ClusterRole"
    metadata = _metadata(plan, namespace)
    role = {"apiGroup": _RBAC.partition("/")[0], "kind": kind, "name": NAME}
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": plan.config.namespace}
    return (
        ClusterObject(_RBAC, kind, f"may-{name}", {"metadata": metadata, "rules": rules}),
        ClusterObject(
            _RBAC,
            f"{kind}Binding",
            f"is-allowed-{name}",
            {"metadata": metadata, "roleRef": role, "subjects": [subject]},
        ),
    )


def _digest() -> str:
    """A digest of the program: another one needs new pods."""
    return hashlib.sha256(repr(sorted(_FILES.data.items())).encode()).hexdigest()[:16]


def _deployment(plan: Plan, settings: NodeRecovery) -> dict[str, Any]:
    pod = {
        "serviceAccountName": NAME,
        "terminationGracePeriodSeconds": 10,
        # The second pod works on at once when the node of the first dies.
        "affinity": {"podAntiAffinity": _apart()},
        "tolerations": [stay(condition, _STAYS) for condition in ("not-ready", "unreachable")],
        "securityContext": confined_user(plan.config),
        **plan.config.pull,
        "containers": [_container(settings, plan.config.pulled(settings.image))],
        "volumes": _volumes(settings),
    }
    return {
        "replicas": 2,
        "selector": {"matchLabels": LABELS},
        "template": {
            "metadata": {"labels": LABELS, "annotations": {"panda-infra/program": _digest()}},
            "spec": pod,
        },
    }


def _container(settings: NodeRecovery, image: str) -> dict[str, Any]:
    nova = settings.confirm == "nova"
    mounts = [{"name": "program", "mountPath": _PROGRAM, "readOnly": True}]
    if nova:
        mounts.append({"name": "nova", "mountPath": _CREDENTIAL, "readOnly": True})
    return {
        "name": "node-recovery",
        "image": image,
        "command": ["python", "-m", "panda_infra.node_recovery"],
        "env": _environment(settings),
        "resources": {
            "requests": {"cpu": "10m", "memory": "48Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi"},
        },
        "securityContext": confined_container(),
        "volumeMounts": mounts,
    }


def _environment(settings: NodeRecovery) -> list[dict[str, Any]]:
    own = {"NAMESPACE": "metadata.namespace", "HOLDER": "metadata.name"}
    given = {
        "PYTHONPATH": _PROGRAM,
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONFIRM": settings.confirm,
        "SILENT_FOR": str(settings.silent_for),
        "SHARE": str(settings.share),
        "APART": str(settings.apart),
        **({"AUTH_URL": settings.auth_url} if settings.auth_url else {}),
        **({"REGION": settings.region} if settings.region else {}),
    }
    return [
        *({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in own.items()),
        *({"name": name, "value": value} for name, value in given.items()),
    ]


def _volumes(settings: NodeRecovery) -> list[dict[str, Any]]:
    program = _FILES.volume(NAME)
    credential = {"name": "nova", "secret": {"secretName": NAME}}
    return [program, credential] if settings.confirm == "nova" else [program]


def _apart() -> dict[str, Any]:
    term = {"labelSelector": {"matchLabels": LABELS}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
