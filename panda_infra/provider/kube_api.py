"""The calls of this provider to a cluster's Kubernetes API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from typing_extensions import override

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.nodes import Node, node_of

__all__ = ["ClusterKubernetes", "Kubernetes", "Volume"]

_ACCOUNT = "panda-infra"
_ACCOUNTS = "/api/v1/namespaces/kube-system/serviceaccounts"
_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"


@dataclass(frozen=True)
class Volume:
    """A persistent volume; ``deletes`` is true if it is deleted with its claim."""

    name: str
    phase: str
    deletes: bool

    @property
    def is_ending(self) -> bool:
        """True if its claim is gone and the volume is to be deleted."""
        return self.deletes and self.phase in ("Released", "Failed")


class Kubernetes(Protocol):
    """The calls that this provider makes; each may raise `KubernetesError`."""

    def nodes(self) -> Sequence[Node]:
        """Every node, in one call."""

    def label_node(
        self, name: str, labels: Mapping[str, str | None], annotations: Mapping[str, str | None]
    ) -> None:
        """Set labels and annotations in one request; None removes one. Does nothing if the node is missing."""

    def config_map_exists(self, namespace: str, name: str) -> bool:
        """True if the ConfigMap exists."""

    def deployments_named(self, name: str) -> Sequence[str]:
        """The namespaces with a Deployment of that name."""

    def images(self, namespace: str, name: str) -> Sequence[str]:
        """The images of the DaemonSet or Deployment of that name; empty if there is neither."""

    def volumes(self) -> Sequence[Volume]:
        """Every persistent volume."""

    def admin_token(self, seconds: int) -> tuple[str, datetime]:
        """A token of a service account that may do everything, and its end as set by the API."""

    def revoke_admin(self) -> None:
        """Remove that service account, which invalidates all its tokens."""


class ClusterKubernetes(Kubernetes):
    """The calls of this provider by the program's client of the API."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api

    @override
    def nodes(self) -> Sequence[Node]:
        return [node_of(item) for item in self._api.call("GET", "/api/v1/nodes")["items"]]

    @override
    def label_node(
        self, name: str, labels: Mapping[str, str | None], annotations: Mapping[str, str | None]
    ) -> None:
        body = {"metadata": {"labels": dict(labels), "annotations": dict(annotations)}}
        self._api.call("PATCH", f"/api/v1/nodes/{name}", body=body, missing=True)

    @override
    def config_map_exists(self, namespace: str, name: str) -> bool:
        path = f"/api/v1/namespaces/{namespace}/configmaps/{name}"
        return self._api.call("GET", path, missing=True) is not None

    @override
    def deployments_named(self, name: str) -> Sequence[str]:
        query = [("fieldSelector", f"metadata.name={name}")]
        found = self._api.call("GET", "/apis/apps/v1/deployments", query=query)["items"]
        return [item["metadata"]["namespace"] for item in found]

    @override
    def images(self, namespace: str, name: str) -> Sequence[str]:
        for kind in ("daemonsets", "deployments"):
            found = self._api.call("GET", f"/apis/apps/v1/namespaces/{namespace}/{kind}/{name}", missing=True)
            if found is not None:
                return [one["image"] for one in found["spec"]["template"]["spec"]["containers"]]
        return []

    @override
    def volumes(self) -> Sequence[Volume]:
        return [_volume(item) for item in self._api.call("GET", "/api/v1/persistentvolumes")["items"]]

    @override
    def admin_token(self, seconds: int) -> tuple[str, datetime]:
        self._ensure(_ACCOUNTS, {"metadata": {"name": _ACCOUNT}})
        subject = {"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": "kube-system"}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        self._ensure(_BINDINGS, {"metadata": {"name": _ACCOUNT}, "roleRef": role, "subjects": [subject]})
        request = {"spec": {"expirationSeconds": seconds}}
        status = self._api.call("POST", f"{_ACCOUNTS}/{_ACCOUNT}/token", body=request)["status"]
        return status["token"], datetime.fromisoformat(status["expirationTimestamp"])

    @override
    def revoke_admin(self) -> None:
        for collection in (_BINDINGS, _ACCOUNTS):
            self._api.call("DELETE", f"{collection}/{_ACCOUNT}", missing=True)

    def _ensure(self, collection: str, body: Mapping[str, Any]) -> None:
        if self._api.call("GET", f"{collection}/{body['metadata']['name']}", missing=True) is None:
            self._api.call("POST", collection, body=body)


def _volume(item: Mapping[str, Any]) -> Volume:
    policy = item["spec"].get("persistentVolumeReclaimPolicy")
    return Volume(item["metadata"]["name"], item.get("status", {}).get("phase", ""), policy == "Delete")
