"""The files of dashboards; Prometheus itself parses their queries in tests/e2e/test_alerts.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.monitoring.dashboards import dashboard_files, dashboards, queries
from panda_infra.plan.monitoring.objects import DASHBOARDS, monitoring_objects
from panda_infra.products.registry import PRODUCTS
from tests.support.stacks import stack

FILES = sorted({path for product in PRODUCTS for path in dashboard_files(product)})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_query_is_about_one_namespace(path: Path) -> None:
    board = json.loads(path.read_text())
    assert all('namespace="stack"' in query for query in queries(board))
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in board["panels"])


def test_a_stack_has_dashboards_of_its_own() -> None:
    made = dashboards(make_plan("demo", stack(namespace="mine")))
    assert made.keys() == {"demo-stack.json", "demo-broker.json"}
    for text in made.values():
        board = json.loads(text)
        assert board["uid"].startswith("demo-")
        assert len(board["uid"]) <= 40
        assert all('namespace="mine"' in query for query in queries(board))


def test_grafanas_sidecar_finds_them_by_its_label() -> None:
    config = stack(secrets={"hashKey": "x"}, monitoring={"kind": "annotations"})
    made = {each.fields["metadata"]["name"]: each for each in monitoring_objects(make_plan("demo", config))}
    assert made[DASHBOARDS].fields["metadata"]["labels"]["grafana_dashboard"] == "1"
