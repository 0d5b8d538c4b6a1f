"""The dashboards of a stack: files of Grafana, made those of one namespace as alerts are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.alerts import of_namespace, shipped
from panda_infra.products.registry import product_of_experiment

__all__ = ["dashboard_files", "dashboards", "queries"]

# Grafana's limit.
_LONGEST_UID = 40


def dashboard_files(product: str) -> tuple[Path, ...]:
    """The files with dashboards for stacks of a product."""
    return shipped(product, "dashboards", "*.json")


def dashboards(plan: Plan) -> dict[str, str]:
    """The text of each dashboard by the name of its file, with names that no other stack's have."""
    product = product_of_experiment(plan.config.experiment).name
    found = {}
    for path in dashboard_files(product):
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel["targets"]:
                target["expr"] = of_namespace(target["expr"], plan.config.namespace)
        board["uid"] = f"{plan.stack}-{board['uid']}"[-_LONGEST_UID:]
        board["title"] = f"{plan.stack}: {board['title']}"
        found[f"{plan.stack}-{path.name}"] = json.dumps(board, indent=1)
    return found


def queries(board: Mapping[str, Any]) -> tuple[str, ...]:
    """Every query of a dashboard."""
    return tuple(target["expr"] for panel in board["panels"] for target in panel["targets"])
