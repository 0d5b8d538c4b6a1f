"""The alerts of a stack: rule files of the program and of its product, made those of one namespace.

The files are rules of Prometheus as they are. They select series by ``namespace="stack"``, which stands for the stack's
own namespace, because one Prometheus may watch many stacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from panda_infra.plan.model import Plan
from panda_infra.products.registry import product_of_experiment

__all__ = ["alert_groups", "of_namespace", "rule_files", "shipped"]

_PACKAGE = Path(__file__).resolve().parents[2]
_NAMESPACE = re.compile(r'(?<=namespace=")stack(?=")')


def rule_files(product: str) -> tuple[Path, ...]:
    """The files with alerts for stacks of a product."""
    return shipped(product, "alerts", "*.yaml")


def shipped(product: str, folder: str, pattern: str) -> tuple[Path, ...]:
    """Files of the program for monitoring, then those of a product."""
    folders = (Path(__file__).parent / folder, _PACKAGE / "products" / product / folder)
    return tuple(path for each in folders for path in sorted(each.glob(pattern)))


def of_namespace(text: str, namespace: str) -> str:
    """Rules or queries about the series of a namespace."""
    return _NAMESPACE.sub(namespace, text)


def alert_groups(plan: Plan) -> tuple[dict[str, Any], ...]:
    """The groups of all files; each alert has the labels ``namespace`` and ``stack``, by which it can be routed."""
    return tuple(_groups(plan))


def _groups(plan: Plan) -> Iterator[dict[str, Any]]:
    labels = {"namespace": plan.config.namespace, "stack": plan.stack}
    for path in rule_files(product_of_experiment(plan.config.experiment).name):
        text = of_namespace(path.read_text(encoding="utf-8"), plan.config.namespace)
        for group in yaml.load(text, Loader=yaml.CSafeLoader)["groups"]:
            rules = [rule | {"labels": {**rule["labels"], **labels}} for rule in group["rules"]]
            # Prometheus knows groups by file and name.
            yield group | {"name": f"{plan.stack}-{group['name']}", "rules": rules}
