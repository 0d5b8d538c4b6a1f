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

__all__ = ["alert_groups", "of_namespace", "rule_files"]

_PACKAGE = Path(__file__).resolve().parents[2]
_NAMESPACE = re.compile(r'(?<=namespace=")stack(?=")')


def rule_files(product: str) -> tuple[Path, ...]:
    """The files with alerts for stacks of a product."""
    own = Path(__file__).parent / "alerts"
    of_product = _PACKAGE / "products" / product / "alerts"
    return tuple(path for folder in (own, of_product) for path in sorted(folder.glob("*.yaml")))


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
