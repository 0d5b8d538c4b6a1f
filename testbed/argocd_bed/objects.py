"""The objects in the cluster by which Argo CD's parts run: made by the bed, or by an installation of Argo CD."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from testbed import pki, registry, waiting
from testbed.api import Api, ApiError, Object
from testbed.argocd_bed import parts
from testbed.bed import Bed
from testbed.errors import BedError

GROUP = "/apis/argoproj.io/v1alpha1"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_NAMESPACES = "/api/v1/namespaces"
# Objects that Argo CD's own install manifest makes beside the workloads; the server fills in the rest.
_SETTINGS = (
    "argocd-cm",
    "argocd-rbac-cm",
    "argocd-ssh-known-hosts-cm",
    "argocd-tls-certs-cm",
    "argocd-gpg-keys-cm",
)
_PART_OF = {"app.kubernetes.io/part-of": "argocd"}
_REGISTRY = "testbed-registry"
_PATIENCE = 60.0
_SECONDS_OF_TOKENS = 86400


def install(api: Api, namespace: str) -> None:
    """Makes the namespace, the custom resource definitions and the settings that Argo CD's parts need to start.

    Raises:
        BedError: the API server did not serve the new kinds in time.
    """
    for file in parts.definitions():
        _ensure(api, _DEFINITIONS, yaml.load(file.read_text(), yaml.CSafeLoader))
    _ensure(api, _NAMESPACES, {"metadata": {"name": namespace}})
    for name in _SETTINGS:
        _ensure(
            api, f"{_NAMESPACES}/{namespace}/configmaps", {"metadata": {"name": name, "labels": _PART_OF}}
        )
    secret: Object = {"metadata": {"name": "argocd-secret", "labels": _PART_OF}, "type": "Opaque"}
    _ensure(api, f"{_NAMESPACES}/{namespace}/secrets", secret)
    waiting.until(lambda: serves(api), "Applications being served", _PATIENCE)


def serves(api: Api) -> bool:
    """Return whether the API server knows Applications and AppProjects."""
    return all(api.serves(f"{GROUP}/{kind}") for kind in ("applications", "appprojects"))


def declare_registry(api: Api, bed: Bed, namespace: str) -> None:
    """Makes the repository Secret of the bed's registry."""
    content = {
        "type": "helm",
        "name": "testbed",
        "url": f"{bed.registry}/{registry.CHARTS}",
        "enableOCI": "true",
    }
    labels = {"argocd.argoproj.io/secret-type": "repository"}
    secret = {"metadata": {"name": _REGISTRY, "labels": labels}, "stringData": content}
    _ensure(api, f"{_NAMESPACES}/{namespace}/secrets", secret)


def forget_registry(api: Api, namespace: str) -> None:
    """Removes the repository Secret of the bed's registry if its cluster and its namespace are still there."""
    with suppress(BedError):
        api.delete(f"{_NAMESPACES}/{namespace}/secrets/{_REGISTRY}")


def remove(api: Api, namespace: str) -> None:
    """Removes what ``install`` has made, and every Application; what an Application has deployed stays.

    Raises:
        BedError: something was still there after a while.
    """
    for path in _resources(api):
        # No controller runs any more that would remove these finalizers.
        api.merge(path, {"metadata": {"finalizers": None}})
    names = [
        yaml.load(file.read_text(), yaml.CSafeLoader)["metadata"]["name"] for file in parts.definitions()
    ]
    paths = [f"{_NAMESPACES}/{namespace}", *(f"{_DEFINITIONS}/{name}" for name in names)]
    for path in paths:
        with suppress(ApiError):
            api.delete(path)
    waiting.until(
        lambda: not any(api.exists(path) for path in paths), "Argo CD's objects being gone", _PATIENCE
    )


def installed(api: Api, namespace: str) -> bool:
    """Return whether an installation in ``namespace`` has the workloads of all parts; False if nothing answers."""
    try:
        return serves(api) and all(workload(api, namespace, part) for part in _WORKLOADS)
    except BedError:
        return False


_WORKLOADS = {
    parts.REPO_SERVER: "deployments",
    parts.CONTROLLER: "statefulsets",
    parts.SERVER: "deployments",
}


def workload(api: Api, namespace: str, part: str) -> Object:
    """The Deployment or StatefulSet of a part.

    Raises:
        ApiError: there is none.
    """
    return api.get(f"/apis/apps/v1/namespaces/{namespace}/{_WORKLOADS[part]}/{part}")


def environment(api: Api, namespace: str, part: str) -> Mapping[str, str]:
    """The environment of a part's container, without what comes from Secrets or from its pod."""
    return dict(_variables(api, namespace, _container(workload(api, namespace, part))))


def arguments(api: Api, namespace: str, part: str) -> Sequence[str]:
    """The options that the container of a part is started with."""
    container = _container(workload(api, namespace, part))
    words = [*container.get("command", ()), *container.get("args", ())]
    return [word for word in words if word.startswith("-")]


def write_kubeconfig(bed: Bed, namespace: str, part: str, target: Path) -> None:
    """Writes a kubeconfig with the rights of the service account of a part, for a day."""
    api = Api(bed.kubeconfig)
    spec = workload(api, namespace, part)["spec"]["template"]["spec"]
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": _SECONDS_OF_TOKENS},
    }
    account = f"{_NAMESPACES}/{namespace}/serviceaccounts/{spec['serviceAccountName']}"
    token = api.create(f"{account}/token", request)["status"]["token"]
    document = yaml.safe_load(bed.kubeconfig.read_text())
    (user,) = document["users"]
    user["user"] = {"token": token}
    pki.write_private(target, json.dumps(document).encode())


def _container(owner: Object) -> dict[str, Any]:
    name = owner["metadata"]["name"]
    containers: list[dict[str, Any]] = owner["spec"]["template"]["spec"]["containers"]
    return next((each for each in containers if each["name"] == name), containers[0])


def _variables(api: Api, namespace: str, container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for variable in container.get("env", ()):
        reference = variable.get("valueFrom", {}).get("configMapKeyRef")
        if reference:
            value = _settings(api, namespace, reference["name"]).get(reference["key"])
        else:
            value = variable.get("value")
        if value is not None:
            yield variable["name"], value


def _settings(api: Api, namespace: str, name: str) -> Mapping[str, str]:
    try:
        return api.get(f"{_NAMESPACES}/{namespace}/configmaps/{name}").get("data") or {}
    except ApiError:
        return {}


def _resources(api: Api) -> Iterator[str]:
    for kind in ("applications", "applicationsets", "appprojects"):
        with suppress(ApiError):
            for item in api.list(f"{GROUP}/{kind}"):
                about = item["metadata"]
                yield f"{GROUP}/namespaces/{about['namespace']}/{kind}/{about['name']}"


def _ensure(api: Api, collection: str, body: Object) -> None:
    try:
        api.create(collection, body)
    except ApiError as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
