"""Releases that Argo CD's Applications deployed: their charts at one commit, their values, their manifests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from panda_infra.adoption.charts import defaults_of, version_of
from panda_infra.adoption.installation import AdoptionError, FoundRelease, Tree
from panda_infra.clients.helm import Helm
from panda_infra.config.charts import GitCharts
from panda_infra.live.other_applications import Application
from panda_infra.tree import merged, put

__all__ = ["deployed", "source_of"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
# Helm's types for values from its command line.
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"0|-?[1-9][0-9]*")


def source_of(found: Sequence[Application]) -> GitCharts:
    """The repository of all Applications' charts, at the deployed commit.

    Raises:
        AdoptionError: the Applications have different sources, or their commit is not known.
    """
    places = {(each.repository, each.revision, str(each.chart.parent)) for each in found}
    if len(places) > 1:
        listed = "\n".join(f"  - {each.name} at {each.repository} {each.revision}" for each in found)
        raise AdoptionError(
            "the Applications deploy charts of different commits, but a stack takes its charts from one place: sync "
            f"them all to one commit first, or name the charts that run with --charts\n{listed}"
        )
    ((repository, revision, path),) = places
    if not _COMMIT.fullmatch(revision):
        raise AdoptionError(
            f"the Applications do not show which commit of {repository} they have deployed: let them sync first, or "
            "name the charts that run with --charts"
        )
    return GitCharts(kind="git", url=repository, revision=revision, path=path)


def deployed(application: Application, chart: Path, helm: Helm, namespace: str) -> FoundRelease:
    """The release that an Application deployed, rendered again from its chart and values as Argo CD does.

    Raises:
        AdoptionError: a values file is missing.
        HelmError: Helm refuses the chart.
    """
    files = [_file(chart / name, application) for name in application.helm.get("valueFiles") or ()]
    values = merged(*files, _inline(application.helm))
    return FoundRelease(
        component=application.component,
        name=application.release,
        version=version_of(chart),
        manifest=helm.render(application.release, chart, namespace, values),
        values=values,
        defaults=defaults_of(chart),
        recorded=False,
    )


def _inline(helm: Mapping[str, Any]) -> Tree:
    """The values inside the Application itself, merged in Argo CD's order."""
    values: Tree = merged(yaml.safe_load(helm.get("values") or "") or {}, helm.get("valuesObject") or {})
    for parameter in helm.get("parameters") or ():
        text = str(parameter.get("value", ""))
        value = text if parameter.get("forceString") else _typed(text)
        # A backslash escapes a dot inside a key.
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
