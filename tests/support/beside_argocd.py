"""A small stack on the test bed beside a real Argo CD, and what a test asks of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from testbed import stacks, waiting
from testbed.api import Api, ApiError, Object
from testbed.argocd_bed import applications
from testbed.argocd_bed.bed import ArgoCd, running
from testbed.bed import Bed
from testbed.workspace import Result, Workspace

__all__ = ["DELIVERED", "ArgoStack", "by_annotation"]

DELIVERED = {"panda-infra:delivery": "argocd", "panda-infra:argocd": {"existing": True}}
"""The sections of a stack that the cluster's Argo CD delivers."""

_LABELS = {"app.kubernetes.io/part-of": "argocd", "app.kubernetes.io/component": "application-controller"}
_CONTROLLER: Object = {
    "metadata": {"name": "argocd-application-controller", "labels": _LABELS},
    "spec": {
        "replicas": 0,
        "serviceName": "argocd-application-controller",
        "selector": {"matchLabels": _LABELS},
        "template": {
            "metadata": {"labels": _LABELS},
            "spec": {"containers": [{"name": "controller", "image": "quay.io/argoproj/argocd:v2.13.6"}]},
        },
    },
}
_KINDS = ("pods", "persistentvolumeclaims")


@contextmanager
def by_annotation(bed: Bed, *, polling: int = 180) -> Iterator[ArgoCd]:
    """A running Argo CD that knows its objects by annotations, as the program requires of it."""
    with running(bed, polling=polling) as argo:
        settings = {"data": {"application.resourceTrackingMethod": "annotation"}}
        api = Api(bed.kubeconfig)
        api.merge(f"/api/v1/namespaces/{argo.namespace}/configmaps/argocd-cm", settings)
        # The processes run beside the cluster; this is how it knows of them.
        api.create(f"/apis/apps/v1/namespaces/{argo.namespace}/statefulsets", _CONTROLLER)
        yield argo


class ArgoStack:
    """The stack ``local`` with the given sections in a namespace of its own."""

    def __init__(self, bed: Bed, namespace: str, sections: Mapping[str, Any]) -> None:
        self.api = Api(bed.kubeconfig)
        self.namespace = namespace
        folder = bed.state / "stacks" / namespace
        self.workspace: Workspace = stacks.local(
            bed, folder, {"panda-infra:namespace": namespace, **sections}
        )

    @property
    def project(self) -> Path:
        """Its folder."""
        return self.workspace.folder

    def up(self, *arguments: str) -> Result:
        """Deploy, which must succeed."""
        result = self.workspace.up(*arguments)
        assert result.code == 0, result.text
        return result

    def listed(self, kind: str, root: str = "/api/v1") -> list[Object]:
        """The objects of a kind in the namespace."""
        return self.api.list(f"{root}/namespaces/{self.namespace}/{kind}")

    def uids(self) -> dict[str, str]:
        """Each pod and claim by kind and name; what was replaced has another."""
        return {
            f"{kind}/{found['metadata']['name']}": found["metadata"]["uid"]
            for kind in _KINDS
            for found in self.listed(kind)
            if "deletionTimestamp" not in found["metadata"]
        }

    def records(self) -> set[str]:
        """The releases that Helm has a record of."""
        found = self.api.list(f"/api/v1/namespaces/{self.namespace}/secrets?labelSelector=owner%3Dhelm")
        return {record["metadata"]["labels"]["name"] for record in found}

    def applications(self, argo: ArgoCd) -> dict[str, Object]:
        """The Applications of the stack, by name."""
        found = self.api.list(applications.path(argo.namespace))
        return {
            each["metadata"]["name"]: each
            for each in found
            if each["spec"]["destination"]["namespace"] == self.namespace
        }

    def syncs(self, argo: ArgoCd) -> dict[str, int]:
        """The number of syncs of each Application so far."""
        return {
            name: len(each.get("status", {}).get("history", ()))
            for name, each in self.applications(argo).items()
        }

    def synced(self, argo: ArgoCd, name: str) -> tuple[datetime, datetime]:
        """The beginning of the first sync of an Application and its end."""
        first = applications.status(self.api, argo.namespace, name).syncs[0]
        return first.began, first.ended

    def is_gone(self) -> bool:
        """True if the namespace does not exist."""
        try:
            self.api.get(f"/api/v1/namespaces/{self.namespace}")
        except ApiError:
            return True
        return False

    def until(self, condition: Any, what: str, seconds: float = 60) -> None:
        """Wait for a condition."""
        waiting.until(condition, what, seconds)
