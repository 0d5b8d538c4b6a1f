"""An object of the cluster that a stack meets, with the marks of its maker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.plan.ownership import MARK, Owner
from panda_infra.state.recorded import Recorded

__all__ = ["ENGINE", "Met", "met"]

ENGINE = "pulumi-"
"""Prefix of the field managers of the engine's plugin, and of Helm inside it."""

_MANAGED_BY, _INSTANCE = "app.kubernetes.io/managed-by", "app.kubernetes.io/instance"
_HELM = "meta.helm.sh/release-"
_ARGO = "argocd.argoproj.io/"
_OURSELVES = "panda-infra"


@dataclass(frozen=True)
class Met:
    """An object by its kind, namespace and name.

    ``mark`` names the stack that owns it, ``release`` the namespace and name of the Helm release that made it,
    ``instance`` the release in its label, ``application`` the Application of Argo CD, ``managers`` all writers of its
    fields; each is empty if unknown.
    """

    kind: str
    namespace: str
    name: str
    uid: str = ""
    mark: str = ""
    release: tuple[str, str] = ("", "")
    instance: str = ""
    application: str = ""
    managed_by: str = ""
    managers: tuple[str, ...] = ()
    ending: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        """The key of the object in the engine's state."""
        return self.kind, self.namespace, self.name

    @property
    def maker(self) -> str:
        """The owner, for messages."""
        return next(self._makers())

    def _makers(self) -> Iterator[str]:
        if self.mark:
            project, _, rest = self.mark.partition("/")
            stack, _, digits = rest.partition("/")
            yield f"of stack {stack} of {project} (owner {digits})"
        if self.application:
            yield f"of Argo CD's Application {self.application}"
        if self.release[1]:
            yield f"of Helm release {self.release[1]} in {self.release[0]}"
        if self.is_unmarked:
            yield "of a stack of panda-infra without a mark"
        if self.managed_by:
            yield f"managed by {self.managed_by}"
        by = f" by {', '.join(self.managers)}" if self.managers else ""
        yield f"made by hand{by}"

    @property
    def is_unmarked(self) -> bool:
        """True for the namespace of a stack that an older version deployed without marks."""
        return self.managed_by == _OURSELVES and not self.mark

    @property
    def by_engine(self) -> bool:
        """True if the engine's plugin ever wrote it, for an unknown stack."""
        return any(manager.startswith(ENGINE) for manager in self.managers)

    def is_of(self, owner: Owner, before: Recorded) -> bool:
        """True if it is the stack's: by its mark, or because the state ``before`` has this very object."""
        if self.mark and owner.wrote(self.mark):
            return True
        known = before.objects.get(self.place)
        if known is None or (self.mark and not owner.may_have_written(self.mark)):
            return False
        return known in ("", self.uid)


def met(kind: str, item: Mapping[str, Any]) -> Met:
    """An object from its metadata in the API."""
    metadata = item["metadata"]
    labels: Mapping[str, str] = metadata.get("labels") or {}
    notes: Mapping[str, str] = metadata.get("annotations") or {}
    tracked = notes.get(f"{_ARGO}tracking-id", "").partition(":")[0]
    managers = dict.fromkeys(entry.get("manager", "") for entry in metadata.get("managedFields") or ())
    argo = labels.get(_INSTANCE, "") if any(name.startswith("argocd") for name in managers) else ""
    return Met(
        kind=kind,
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
        uid=metadata.get("uid") or "",
        mark=notes.get(MARK, ""),
        release=(notes.get(f"{_HELM}namespace", ""), notes.get(f"{_HELM}name", "")),
        instance=labels.get(_INSTANCE, ""),
        application=tracked or labels.get(f"{_ARGO}instance", "") or argo,
        managed_by=labels.get(_MANAGED_BY, ""),
        managers=tuple(name for name in managers if name),
        ending="deletionTimestamp" in metadata,
    )
