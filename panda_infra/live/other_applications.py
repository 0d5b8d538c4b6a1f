"""Find Argo CD's Applications of PanDA's charts, which also write a stack's objects, and explain their removal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import items
from panda_infra.plan.ownership import MARK
from panda_infra.products.registry import COMPONENTS

__all__ = ["Application", "applications", "refusal"]

_COLLECTION = "/apis/argoproj.io/v1alpha1/applications"


@dataclass(frozen=True)
class Application:
    """An Application that deploys a component into a namespace.

    ``chart`` is the folder of the chart inside ``repository``, ``revision`` the commit that was deployed last,
    ``helm`` its settings for Argo CD, ``owners`` are the makers of the Application, by kind and name, and ``mark``
    names the stack that made it.
    """

    name: str
    namespace: str
    component: str
    release: str
    repository: str
    revision: str
    chart: PurePosixPath
    helm: Mapping[str, Any] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    mark: str = ""


def applications(api: KubernetesApi, namespace: str) -> list[Application]:
    """The Applications of PanDA's charts that deploy into a namespace; empty without Argo CD.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    found = [
        _application(item)
        for item in items(api, _COLLECTION)
        if (item["spec"].get("destination") or {}).get("namespace") == namespace
        and _chart(item["spec"].get("source") or {}).name in COMPONENTS
    ]
    return sorted(found, key=lambda each: each.name)


def refusal(found: Sequence[Application]) -> str:
    """The message that Argo CD would undo a stack's changes, with the commands to stop it."""
    made = sorted({owner for each in found for owner in each.owners})
    first = f" They are made by {', '.join(made)}, which must go first." if made else ""
    listed = ", ".join(each.name for each in found)
    commands = "\n".join(f"  {command}" for command in _stop(found))
    return (
        f"Argo CD deploys the same objects by the Applications {listed}, and would undo what a stack does.{first} "
        f"Take them away, which leaves all that they have deployed:\n{commands}"
    )


def _stop(found: Iterable[Application]) -> Iterable[str]:
    # With the finalizers Argo CD would delete everything that it deployed.
    off = json.dumps({"metadata": {"finalizers": None}, "spec": {"syncPolicy": None}})
    for each in found:
        where = f"application {each.name} --namespace {each.namespace}"
        yield f"kubectl patch {where} --type merge --patch '{off}'"
        yield f"kubectl delete {where} --cascade=orphan"


def _application(item: Mapping[str, Any]) -> Application:
    spec, metadata = item["spec"], item["metadata"]
    source: Mapping[str, Any] = spec["source"]
    helm: Mapping[str, Any] = source.get("helm") or {}
    chart = _chart(source)
    synced = ((item.get("status") or {}).get("sync") or {}).get("revision")
    return Application(
        name=metadata["name"],
        namespace=metadata["namespace"],
        component=chart.name,
        release=helm.get("releaseName") or metadata["name"],
        repository=source["repoURL"],
        revision=synced or source.get("targetRevision") or "",
        chart=chart,
        helm=helm,
        mark=(metadata.get("annotations") or {}).get(MARK, ""),
        owners=tuple(f"{owner['kind']} {owner['name']}" for owner in metadata.get("ownerReferences") or ()),
    )


def _chart(source: Mapping[str, Any]) -> PurePosixPath:
    """The folder of a chart in git, or its name in a registry."""
    return PurePosixPath(source.get("path") or source.get("chart") or "")
