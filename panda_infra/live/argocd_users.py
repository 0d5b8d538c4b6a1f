"""Find those who still use an Argo CD that is about to go: their objects go with its CRDs and its namespace."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import items
from panda_infra.plan.argocd_names import DEFINITIONS

__all__ = ["users_of"]

_GROUP = "/apis/argoproj.io/v1alpha1"
# Argo CD makes this project by itself.
_OWN = ("appprojects", "default")


def users_of(api: KubernetesApi, kind: str, name: str) -> list[str]:
    """The objects that would go with Argo CD's namespace, or with one of its CRDs.

    Args:
        api: of the cluster.
        kind: ``Namespace`` or ``CustomResourceDefinition``.
        name: of it.

    Returns:
        namespace and name of each.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    if kind == "Namespace":
        collections = [f"namespaces/{name}/{definition.partition('.')[0]}" for definition in DEFINITIONS]
    else:
        collections = [name.partition(".")[0]]
    return sorted(user for collection in collections for user in _users(api, collection))


def _users(api: KubernetesApi, collection: str) -> Iterator[str]:
    for item in items(api, f"{_GROUP}/{collection}"):
        metadata = item["metadata"]
        if (collection.rpartition("/")[2], metadata["name"]) != _OWN:
            yield f"{metadata['namespace']}/{metadata['name']}"
