"""What this provider asks of a cluster's Kubernetes API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from typing_extensions import override

from panda_infra.kube.client import KubernetesApi, KubernetesClient
from panda_infra.kube.errors import KubernetesError
from panda_infra.kube.kubeconfig import Source, Target, choose

__all__ = ["ClientKubernetes", "Kubernetes", "KubernetesApi", "KubernetesError", "Node", "Volume"]

_ACCOUNT = "panda-infra"
_ACCOUNTS = "/api/v1/namespaces/kube-system/serviceaccounts"
_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
_MAGNUM = Source(
    "the kubeconfig that Magnum signed", "Run the command again: each run asks Magnum for a new one."
)
_MASTER_LABELS = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


@dataclass(frozen=True)
class Node:
    """A node of the cluster; ``server`` is the id of its Nova server, empty until the cloud provider has told it."""

    name: str
    ready: bool
    master: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    server: str = ""


@dataclass(frozen=True)
class Volume:
    """A persistent volume; ``deletes`` tells whether it goes with its claim."""

    name: str
    phase: str
    deletes: bool

    @property
    def is_ending(self) -> bool:
        """Whether its claim is gone and its end is awaited."""
        return self.deletes and self.phase in ("Released", "Failed")


class Kubernetes(Protocol):
    """The calls that this provider makes; each may raise `KubernetesError`."""

    def nodes(self) -> Sequence[Node]:
        """Every node, in one call."""

    def label_node(self, name: str, labels: Mapping[str, str | None]) -> None:
        """Set labels, or remove those whose value is None; nothing happens when there is no such node."""

    def config_map_exists(self, namespace: str, name: str) -> bool:
        """Whether there is such a ConfigMap."""

    def deployments_named(self, name: str) -> Sequence[str]:
        """Namespaces that have a Deployment of that name."""

    def volumes(self) -> Sequence[Volume]:
        """Every persistent volume."""

    def admin_token(self, seconds: int) -> tuple[str, datetime]:
        """A token of a service account that may do everything, and when the API lets it end."""

    def revoke_admin(self) -> None:
        """Remove that service account, and with it the validity of all its tokens."""


class ClientKubernetes(KubernetesClient, Kubernetes):
    """The calls of this provider, by the one client of the API."""

    def __init__(self, kubeconfig: Mapping[str, Any] | Target) -> None:
        target = kubeconfig if isinstance(kubeconfig, Target) else choose(dict(kubeconfig), None, _MAGNUM)
        super().__init__(target)

    @override
    def nodes(self) -> Sequence[Node]:
        return [_node(item) for item in self.call("GET", "/api/v1/nodes")["items"]]

    @override
    def label_node(self, name: str, labels: Mapping[str, str | None]) -> None:
        body = {"metadata": {"labels": dict(labels)}}
        self.call("PATCH", f"/api/v1/nodes/{name}", body=body, missing=True)

    @override
    def config_map_exists(self, namespace: str, name: str) -> bool:
        path = f"/api/v1/namespaces/{namespace}/configmaps/{name}"
        return self.call("GET", path, missing=True) is not None

    @override
    def deployments_named(self, name: str) -> Sequence[str]:
        query = [("fieldSelector", f"metadata.name={name}")]
        found = self.call("GET", "/apis/apps/v1/deployments", query=query)["items"]
        return [item["metadata"]["namespace"] for item in found]

    @override
    def volumes(self) -> Sequence[Volume]:
        return [_volume(item) for item in self.call("GET", "/api/v1/persistentvolumes")["items"]]

    @override
    def admin_token(self, seconds: int) -> tuple[str, datetime]:
        self._ensure(_ACCOUNTS, {"metadata": {"name": _ACCOUNT}})
        subject = {"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": "kube-system"}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        self._ensure(_BINDINGS, {"metadata": {"name": _ACCOUNT}, "roleRef": role, "subjects": [subject]})
        request = {"spec": {"expirationSeconds": seconds}}
        status = self.call("POST", f"{_ACCOUNTS}/{_ACCOUNT}/token", body=request)["status"]
        return status["token"], datetime.fromisoformat(status["expirationTimestamp"])

    @override
    def revoke_admin(self) -> None:
        for collection in (_BINDINGS, _ACCOUNTS):
            self.call("DELETE", f"{collection}/{_ACCOUNT}", missing=True)

    def _ensure(self, collection: str, body: Mapping[str, Any]) -> None:
        if self.call("GET", f"{collection}/{body['metadata']['name']}", missing=True) is None:
            self.call("POST", collection, body=body)


def _node(item: Mapping[str, Any]) -> Node:
    name = item["metadata"]["name"]
    labels = item["metadata"].get("labels", {})
    conditions = item.get("status", {}).get("conditions", [])
    return Node(
        name=name,
        ready=any(c["type"] == "Ready" and c["status"] == "True" for c in conditions),
        master=_is_master(name, labels),
        labels=labels,
        server=item.get("spec", {}).get("providerID", "").rpartition("/")[2],
    )


def _volume(item: Mapping[str, Any]) -> Volume:
    policy = item["spec"].get("persistentVolumeReclaimPolicy")
    return Volume(item["metadata"]["name"], item.get("status", {}).get("phase", ""), policy == "Delete")


def _is_master(name: str, labels: Mapping[str, str]) -> bool:
    """Kubernetes' own labels, Magnum's, or the name that Magnum gives: not every image sets them all."""
    told = labels.get("magnum.openstack.org/role") == "master"
    return told or any(label in labels for label in _MASTER_LABELS) or "-master-" in name
