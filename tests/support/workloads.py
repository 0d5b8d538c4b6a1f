"""What runs in a namespace of the test bed."""

from __future__ import annotations

from testbed.api import Api, Object

__all__ = ["with_pods", "workloads"]


def workloads(api: Api, namespace: str) -> list[Object]:
    """The Deployments and StatefulSets."""
    inside = f"/apis/apps/v1/namespaces/{namespace}"
    return [each for kind in ("deployments", "statefulsets") for each in api.list(f"{inside}/{kind}")]


def with_pods(api: Api, namespace: str) -> list[str]:
    """The names of those that shall have pods."""
    return sorted(each["metadata"]["name"] for each in workloads(api, namespace) if each["spec"]["replicas"])
