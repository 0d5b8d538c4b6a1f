"""Prometheus' own promtool takes all alerts and queries, and sees each alert fire by series (tests/alerts)."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.delivery.monitoring import receivers_secret
from panda_infra.plan.make import make_plan
from panda_infra.plan.monitoring.alerts import alert_groups, rule_files
from panda_infra.plan.monitoring.dashboards import dashboard_files, queries
from panda_infra.plan.monitoring.receivers import FILE
from panda_infra.products.registry import PRODUCTS
from tests.support import ctao, fast_yaml
from tests.support.prometheus import program, promtool
from tests.support.stacks import stack
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(600)]

_TESTS = sorted((REPOSITORY / "tests" / "alerts").glob("*.yaml"))
_DASHBOARDS = sorted({path for product in PRODUCTS for path in dashboard_files(product)})
_FILES = sorted({path for product in PRODUCTS for path in rule_files(product)})


def told(*arguments: str | Path) -> str:
    """The output of promtool for something that it takes."""
    done = subprocess.run([promtool(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_prometheus_takes_the_rules(path: Path) -> None:
    assert "SUCCESS" in told("check", "rules", path)


@pytest.mark.parametrize("path", _TESTS, ids=lambda path: path.stem)
def test_alerts_fire_and_end_as_their_tests_say(path: Path) -> None:
    assert "SUCCESS" in told("test", "rules", path)


@pytest.mark.parametrize("config", [stack(), ctao.stack()], ids=["panda", "ctao"])
def test_prometheus_takes_the_rules_of_a_stack(config: StackConfig, tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(fast_yaml.dump({"groups": list(alert_groups(make_plan("demo", config)))}))
    assert "SUCCESS" in told("check", "rules", file)


@pytest.mark.parametrize("path", _DASHBOARDS, ids=lambda path: path.stem)
def test_prometheus_takes_the_queries_of_dashboards(path: Path, tmp_path: Path) -> None:
    found = queries(json.loads(path.read_text()))
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(found)]
    file = tmp_path / "queries.yaml"
    file.write_text(fast_yaml.dump({"groups": [{"name": path.stem, "rules": rules}]}))
    assert f"SUCCESS: {len(found)} rules found" in told("check", "rules", file)


def test_alertmanager_takes_the_receivers_of_a_stack(tmp_path: Path) -> None:
    mail = {
        "to": ["a@site.org", "b@site.org"],
        "sender": "c@site.org",
        "server": "smtp.site.org:587",
        "user": "panda",
    }
    section = {"kind": "annotations", "receivers": {"webhook": True, "mail": mail}}
    secrets = {"webhookUrl": "https://chat.site.org/hook", "mailPassword": "made-up"}
    config = stack(monitoring=section, secrets={"hashKey": "x", "monitoring": secrets})
    made = receivers_secret(make_plan("demo", config), config.secrets.monitoring)
    file = tmp_path / FILE
    file.write_bytes(b64decode(made[FILE]))
    done = subprocess.run(
        [program("amtool"), "check-config", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 receivers" in done.stdout
