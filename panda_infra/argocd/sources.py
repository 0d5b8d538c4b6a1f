"""The sources of a stack's charts, in the form that Argo CD reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panda_infra.config.charts import FolderCharts, GitCharts, OciCharts
from panda_infra.config.secrets import ArgoCdSecrets
from panda_infra.config.stack import Settings
from panda_infra.errors import PandaInfraError
from panda_infra.plan.argocd_names import OURS
from panda_infra.plan.model import Chart
from panda_infra.products.content import reveal

__all__ = ["chart_log_in", "chart_repository", "chart_source", "repository"]


def repository(config: Settings) -> str:
    """The address of the charts' repository, in the form of Argo CD: an OCI registry has no scheme there.

    Raises:
        PandaInfraError: the charts are in a local folder, which no cluster sees; a rule refuses it before.
    """
    source = config.charts
    if isinstance(source, OciCharts):
        return source.repository.removeprefix("oci://")
    if isinstance(source, FolderCharts):
        raise PandaInfraError("charts.kind: Argo CD cannot read a local folder")
    return source.url


def chart_source(config: Settings, chart: Chart) -> Mapping[str, Any]:
    """The source of one chart in an Application, without its values."""
    where = {"repoURL": repository(config)}
    if isinstance(config.charts, GitCharts):
        revision = config.followed or config.charts.revision
        return where | {"path": f"{config.charts.path}/{chart.name}", "targetRevision": revision}
    return where | {"chart": chart.name, "targetRevision": chart.version}


def chart_repository(config: Settings, project: str, namespace: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The metadata and the content of the Secret by which Argo CD knows a repository and its kind, for one project."""
    is_git = isinstance(config.charts, GitCharts)
    data = {"url": repository(config), "project": project, "type": "git" if is_git else "helm"}
    if not is_git:
        data |= {"name": project, "enableOCI": "true"}
    metadata = {
        "name": f"{project}-charts",
        "namespace": namespace,
        "labels": {
            **OURS,
            "argocd.argoproj.io/secret-type": "repository",
        },
    }
    return metadata, data


def chart_log_in(secrets: ArgoCdSecrets) -> dict[str, str]:
    """Keys that this Secret has in addition if the repository asks for a log-in, in the clear."""
    if secrets.charts_password is None:
        return {}
    return {"username": reveal(secrets.charts_user), "password": reveal(secrets.charts_password)}
