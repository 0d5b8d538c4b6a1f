"""Marks in a stack's own resources that its data is protected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from panda_infra.config.delivery import Lifecycle

__all__ = [
    "APPLICATION",
    "ARGOCD",
    "CLUSTER",
    "KEEP",
    "NAMESPACE",
    "PROTECTION",
    "RELEASE",
    "is_protected",
    "namespace_marks",
    "protection_marks",
]

RELEASE = "kubernetes:helm.sh/v3:Release"
APPLICATION = "kubernetes:argoproj.io/v1alpha1:Application"
KEEP = "panda-infra/keep-claims"
"""The annotation of an Application whose claims must outlive it."""
CLUSTER = "panda-magnum:index:Cluster"
PROTECTION = "panda-infra:delivery:Protection"
"""The resource of every stack that holds the facts that these rules need."""
NAMESPACE = "kubernetes:core/v1:Namespace"
ARGOCD = "panda-infra:delivery:ArgoCd"
"""The resource that contains all of Argo CD."""
_PROTECTED, _EXEMPT = "panda-infra/protected", "panda-infra/delete-data-of"


def protection_marks(
    namespace: str, lifecycle: Lifecycle, adopted: Sequence[str] = (), argocd: str = ""
) -> dict[str, Any]:
    """The outputs of a stack's `PROTECTION`, for `stack_of` and for later runs.

    ``argocd`` is the namespace of the Argo CD that the stack installs, if any.
    """
    marks: dict[str, Any] = {
        "namespace": namespace,
        "protected": lifecycle.protect,
        "deleteDataOf": list(lifecycle.delete_data_of),
    }
    marks |= {"argocd": argocd} if argocd else {}
    return marks | ({"adopted": list(adopted)} if adopted else {})


def namespace_marks(lifecycle: Lifecycle) -> dict[str, str]:
    """Annotations of a stack's own namespace that show people how the stack is protected."""
    exempt = {_EXEMPT: ",".join(lifecycle.delete_data_of)} if lifecycle.delete_data_of else {}
    return {_PROTECTED: str(lifecycle.protect).lower(), **exempt}


def is_protected(type_: str, outputs: Mapping[str, Any]) -> bool:
    """True if a deployed resource marks its stack as protected; in old stacks only the namespace does."""
    if type_ == NAMESPACE:
        annotations = (outputs.get("metadata") or {}).get("annotations") or {}
        return annotations.get(_PROTECTED) == "true"
    return type_ == PROTECTION and outputs.get("protected") is True
