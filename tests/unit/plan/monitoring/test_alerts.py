"""The files of alerts: their form, and that each alert has a test with series (tests/alerts)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.monitoring.alerts import of_namespace, rule_files
from panda_infra.products.registry import PRODUCTS
from tests.support import fast_yaml
from tools import REPOSITORY

_TESTS = REPOSITORY / "tests" / "alerts"
FILES = sorted({path for product in PRODUCTS for path in rule_files(product)})


def rules(path: Path) -> list[dict[str, Any]]:
    return [rule for group in fast_yaml.load(path.read_text())["groups"] for rule in group["rules"]]


def tried(path: Path) -> dict[str, set[bool]]:
    """The alerts that a file of tests expects, and whether it expects that they fire, that they do not, or both."""
    found: dict[str, set[bool]] = {}
    for test in fast_yaml.load(path.read_text())["tests"]:
        for each in test["alert_rule_test"]:
            found.setdefault(each["alertname"], set()).add(bool(each["exp_alerts"]))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_rule_says_how_bad_it_is_what_is_wrong_and_what_to_do(path: Path) -> None:
    for rule in rules(path):
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["for"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_rule_is_about_one_namespace(path: Path) -> None:
    for rule in rules(path):
        assert 'namespace="stack"' in rule["expr"], rule["alert"]
        assert "namespace=" not in of_namespace(rule["expr"], "").replace('namespace=""', "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_alert_is_seen_to_fire_in_a_test(path: Path) -> None:
    test = _TESTS / path.name
    assert (_TESTS / fast_yaml.load(test.read_text())["rule_files"][0]).resolve() == path
    found = tried(test)
    assert {rule["alert"] for rule in rules(path)} == {name for name, fires in found.items() if True in fires}


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for path in FILES for rule in rules(path)]
    assert len(names) == len(set(names))


def test_the_wanted_alerts_are_there() -> None:
    names = {rule["alert"] for path in FILES for rule in rules(path)}
    assert names >= {
        "ArchiveStuck",
        "BackupOld",
        "BrokerQueueGrows",
        "CertificateEnds",
        "DaemonStuck",
        "MariaDbBackupOld",
        "NodeLost",
        "PodRestarts",
        "PostgresBackupOld",
        "ReplicaLags",
        "VolumeFull",
    }


def test_pages_that_rules_name_are_there() -> None:
    for path in FILES:
        for page in re.findall(r"docs/[\w-]+\.md", path.read_text()):
            assert (REPOSITORY / page).is_file()


def test_only_whole_matchers_are_replaced() -> None:
    text = 'a{namespace="stack",exported_namespace="stack",name="stack"}'
    assert of_namespace(text, "mine") == 'a{namespace="mine",exported_namespace="mine",name="stack"}'
