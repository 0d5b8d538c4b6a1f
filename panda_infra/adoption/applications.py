"""Argo CD's Applications of PanDA's charts: what they deploy, and how they are stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from panda_infra.adoption.charts import defaults_of, version_of
from panda_infra.adoption.installation import AdoptionError, FoundRelease, Tree
from panda_infra.adoption.values import put
from panda_infra.catalog.components import COMPONENTS
from panda_infra.config.delivery import GitCharts
from panda_infra.helm.cli import Helm
from panda_infra.kube.client import KubernetesApi
from panda_infra.live.access import items
from panda_infra.plan.values.merge import merged

__all__ = ["Application", "applications", "deployed", "refusal", "source_of", "stop_commands"]

_COLLECTION = "/apis/argoproj.io/v1alpha1/applications"
_COMMIT = re.compile(r"[0-9a-f]{40}")
# As Helm reads what is set on its command line.
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"0|-?[1-9][0-9]*")


@dataclass(frozen=True)
class Application:
    """An Application that deploys a component into a namespace.

    ``chart`` is the folder of the chart inside ``repository``, ``revision`` the commit that was deployed last and
    ``owners`` what would make the Application anew, by kind and name.
    """

    name: str
    namespace: str
    component: str
    release: str
    repository: str
    revision: str
    chart: PurePosixPath
    value_files: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    owners: tuple[str, ...] = ()


def applications(api: KubernetesApi, namespace: str) -> list[Application]:
    """Those of PanDA's charts that deploy into a namespace; none where there is no Argo CD.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    found = [
        _application(item)
        for item in items(api, _COLLECTION)
        if item["spec"].get("destination", {}).get("namespace") == namespace
        and PurePosixPath((item["spec"].get("source") or {}).get("path", "")).name in COMPONENTS
    ]
    return sorted(found, key=lambda each: each.name)


def stop_commands(found: Iterable[Application]) -> list[str]:
    """The commands that take Applications away and leave what they have deployed."""
    commands: list[str] = []
    for each in found:
        where = f"application {each.name} --namespace {each.namespace}"
        # Without these Argo CD would delete everything that it deployed.
        off = json.dumps({"metadata": {"finalizers": None}, "spec": {"syncPolicy": None}})
        commands += [
            f"kubectl patch {where} --type merge --patch '{off}'",
            f"kubectl delete {where} --cascade=orphan",
        ]
    return commands


def refusal(found: Sequence[Application]) -> str:
    """Why nobody else may write what Argo CD writes, and how to stop it."""
    made = sorted({owner for each in found for owner in each.owners})
    first = f" They are made by {', '.join(made)}, which must go first." if made else ""
    listed = ", ".join(each.name for each in found)
    commands = "\n".join(f"  {command}" for command in stop_commands(found))
    return (
        f"Argo CD deploys the same objects by the Applications {listed}, and would undo what a stack does.{first} "
        f"Take them away, which leaves all that they have deployed:\n{commands}"
    )


def source_of(found: Sequence[Application]) -> GitCharts:
    """Where the charts of all Applications come from, at the commit that runs.

    Raises:
        AdoptionError: there is no such place.
    """
    places = {(each.repository, each.revision, str(each.chart.parent)) for each in found}
    if len(places) > 1:
        listed = ", ".join(f"{each.name} at {each.repository} {each.revision}" for each in found)
        raise AdoptionError(
            f"the Applications deploy charts of different commits ({listed}), but a stack takes its charts from one "
            "place: sync them all to one commit first, or name the charts that run with --charts"
        )
    ((repository, revision, path),) = places
    if not _COMMIT.fullmatch(revision):
        raise AdoptionError(
            f"the Applications do not tell which commit of {repository} they have deployed: let them sync first, or "
            "name the charts that run with --charts"
        )
    return GitCharts(kind="git", url=repository, revision=revision, path=path)


def deployed(application: Application, chart: Path, helm: Helm, namespace: str) -> FoundRelease:
    """What an Application has deployed, made anew from its chart and values as Argo CD does.

    Raises:
        AdoptionError: a file of values is not there.
        HelmError: Helm refuses the chart.
    """
    values = merged(
        *(_file(chart / name, application) for name in application.value_files), application.values
    )
    return FoundRelease(
        component=application.component,
        name=application.release,
        version=version_of(chart),
        manifest=helm.render(application.release, chart, namespace, values),
        values=values,
        defaults=defaults_of(chart),
        recorded=False,
    )


def _application(item: Mapping[str, Any]) -> Application:
    spec, metadata = item["spec"], item["metadata"]
    source: Mapping[str, Any] = spec["source"]
    helm: Mapping[str, Any] = source.get("helm") or {}
    chart = PurePosixPath(source["path"])
    synced = ((item.get("status") or {}).get("sync") or {}).get("revision")
    return Application(
        name=metadata["name"],
        namespace=metadata["namespace"],
        component=chart.name,
        release=helm.get("releaseName") or metadata["name"],
        repository=source["repoURL"],
        revision=synced or source.get("targetRevision") or "",
        chart=chart,
        value_files=tuple(helm.get("valueFiles") or ()),
        values=_inline(helm),
        owners=tuple(f"{owner['kind']} {owner['name']}" for owner in metadata.get("ownerReferences") or ()),
    )


def _inline(helm: Mapping[str, Any]) -> Tree:
    """The values that stand in the Application itself, in Argo CD's order."""
    values: Tree = merged(yaml.safe_load(helm.get("values") or "") or {}, helm.get("valuesObject") or {})
    for parameter in helm.get("parameters") or ():
        text = str(parameter.get("value", ""))
        value = text if parameter.get("forceString") else _typed(text)
        # A dot inside a key stands behind a backslash.
        keys = tuple(key.replace("\\.", ".") for key in re.split(r"(?<!\\)\.", parameter["name"]))
        put(values, keys, value)
    return values


def _typed(text: str) -> Any:
    return int(text) if _NUMBER.fullmatch(text) else _WORDS.get(text, text)


def _file(file: Path, application: Application) -> Tree:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError:
        raise AdoptionError(
            f"Application {application.name} names a file of values that is not there: {file}"
        ) from None
