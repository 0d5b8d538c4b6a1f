"""What this provider asks of a cluster's Kubernetes API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

import urllib3
from kubernetes import client, config
from typing_extensions import override

from panda_infra.provider.resource import ResourceError

__all__ = ["ClientKubernetes", "Kubernetes", "KubernetesApi", "KubernetesError", "Node", "Volume"]

JSON = "application/json"
_FIRST_ERROR = 400
_NOT_FOUND = 404
_TIMEOUT = 30.0
_RETRIES = urllib3.Retry(
    total=6,
    connect=2,  # an API server that does not listen is reported, not waited for
    backoff_factor=0.5,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)
_ACCOUNT = "panda-infra"
_ACCOUNTS = "/api/v1/namespaces/kube-system/serviceaccounts"
_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
_MASTER_LABELS = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


class KubernetesError(ResourceError):
    """The Kubernetes API refuses a request or cannot be reached."""


class KubernetesApi(Protocol):
    """Any request to the Kubernetes API; may raise `KubernetesError`."""

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = JSON,
    ) -> Any:
        """The answer's content; None when what is named is ``missing`` and may be.

        ``accept`` is the form of the answer: a listing can be asked for without the objects' content.
        """


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


class ClientKubernetes(Kubernetes):
    """The Kubernetes API through the official client, with retries on 429 and 5xx that honour Retry-After."""

    def __init__(self, kubeconfig: Mapping[str, Any]) -> None:
        settings = client.Configuration()
        config.load_kube_config_from_dict(dict(kubeconfig), client_configuration=settings)
        settings.retries = _RETRIES
        self._client = client.ApiClient(settings)

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

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = JSON,
    ) -> Any:
        """One request for any object; None when what it names is ``missing`` and may be.

        Raises:
            KubernetesError: the API refuses or cannot be reached.
        """
        manager = [("fieldManager", _ACCOUNT)] if method == "PATCH" else []
        url = f"{self._client.configuration.host}{path}?{urlencode([*query, *manager])}"
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Content-Type": kind, "Accept": accept}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        try:
            # Plain JSON: the client's own models would take seconds for hundreds of nodes.
            answer = self._client.call_api(method, url, headers, body, _request_timeout=_TIMEOUT)
            content = answer.read()
        except urllib3.exceptions.HTTPError as error:
            host = self._client.configuration.host
            msg = f"{method} {path}: the Kubernetes API at {host} cannot be reached ({type(error).__name__})"
            raise KubernetesError(msg) from error
        if answer.status == _NOT_FOUND and missing:
            return None
        if answer.status >= _FIRST_ERROR:
            msg = f"{method} {path}: the Kubernetes API answers {answer.status} {_reason(content)}"
            raise KubernetesError(msg)
        return json.loads(content)


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, LookupError, TypeError):
        return "without a reason"


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
