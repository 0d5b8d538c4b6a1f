"""Objects as a cluster gives them, by who made them."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.ownership import MARK

__all__ = ["MARKED", "made", "record"]

MARKED = {MARK: "panda-infra/test/0123456789abcdef"}


def made(
    name: str,
    *,
    namespace: str = "panda",
    by: str = "kubectl-create",
    release: str = "",
    of: str = "panda",
    notes: dict[str, str] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """An object with nothing but metadata: of a field manager, and of a Helm release ``of`` a namespace, if any."""
    helm = {"meta.helm.sh/release-namespace": of, "meta.helm.sh/release-name": release} if release else {}
    return {
        "metadata": {
            "name": name,
            **({"namespace": namespace} if namespace else {}),
            "uid": f"uid-of-{name}",
            "annotations": {**helm, **(notes or {})},
            "managedFields": [{"manager": by}],
            **metadata,
        }
    }


def record(release: str, revision: int = 1, *, by: str = "helm", status: str = "deployed") -> dict[str, Any]:
    """The Secret in which Helm keeps a revision of a release."""
    labels = {"owner": "helm", "name": release, "version": str(revision), "status": status}
    return made(f"sh.helm.release.v1.{release}.v{revision}", by=by, labels=labels)
