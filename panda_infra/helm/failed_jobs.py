"""Delete the failed jobs of a release, so that its next upgrade runs them again.

A Job never starts again after it has failed, and Helm's next upgrade leaves it unchanged: every upgrade would fail for
the same reason, even after that was corrected.
"""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import true_conditions
from panda_infra.helm.manifest import items_of

__all__ = ["forget_failed_jobs"]

_JOB = ("batch", "Job")


def forget_failed_jobs(api: KubernetesApi, namespace: str, manifest: str) -> list[str]:
    """Delete each Job of a manifest that has failed, with its pods, so that Helm makes it again.

    Args:
        api: of the cluster.
        namespace: of the release.
        manifest: of its newest record.

    Returns:
        the names of the deleted Jobs.

    Raises:
        KubernetesError: the cluster cannot be asked, or refuses.
    """
    failed = list(_failed(api, namespace, manifest))
    for name in failed:
        body = {"propagationPolicy": "Background"}
        api.call("DELETE", _path(namespace, name), body=body, missing=True)
    return failed


def _failed(api: KubernetesApi, namespace: str, manifest: str) -> Iterator[str]:
    for item in items_of(manifest):
        if (item.api_version.rpartition("/")[0], item.kind) == _JOB:
            found = api.call("GET", _path(namespace, item.name), missing=True)
            if "Failed" in true_conditions(found or {}):
                yield item.name


def _path(namespace: str, name: str) -> str:
    return f"/apis/batch/v1/namespaces/{namespace}/jobs/{name}"
