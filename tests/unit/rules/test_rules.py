"""How the rules are run; the message of each rule is told by tests/bad_stacks/rules.yaml."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import pytest

from panda_infra import rules
from panda_infra.config.paths import Path
from panda_infra.config.quantities import amount
from panda_infra.config.stack import StackConfig
from tests.support.stacks import sections, stack


def _where(broken: set[Path] | None = None, **overrides: Any) -> set[str]:
    problems = rules.check(stack(**overrides), stack="demo", broken=broken or set())
    return {problem.where for problem in problems}


def _components(**overrides: Any) -> dict[str, Any]:
    return {**sections()["components"], **overrides}


def test_a_good_stack_breaks_no_rule() -> None:
    assert _where() == set()


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__.rpartition(".")[2])
def test_every_rule_reads_sections_that_exist_and_says_what_it_judges(rule: ModuleType) -> None:
    names = {info.alias for info in StackConfig.model_fields.values()}
    assert names >= rule.READS
    assert inspect.getdoc(rule.check)
    assert inspect.getdoc(rule)


def test_every_rule_of_the_package_is_run() -> None:
    modules = {name for name, value in vars(rules).items() if isinstance(value, ModuleType)}
    assert {rule.__name__.rpartition(".")[2] for rule in rules.RULES} == modules - {"walk"}


def test_rules_about_a_broken_section_are_left_out() -> None:
    hosts = {"panda": "panda.cern.ch", "bigmon": "panda.cern.ch", "iam": "iam.cern.ch"}
    assert _where(hosts=hosts, experiment="doma") == {"hosts.bigmon"}
    assert _where(hosts=hosts, experiment="doma", broken={("hosts", "ui")}) == set()


def test_a_broken_component_hides_no_rule_about_another_one() -> None:
    off = {"postgres": {"enabled": False}}
    components = _components(panda=off, idds=off)
    both = {f"components.{name}.settings.database.host" for name in ("panda", "idds")}
    assert _where(components=components) == both
    assert _where(components=components, broken={("components", "panda", "postgres", "x")}) == {
        "components.idds.settings.database.host"
    }


def test_a_misspelt_component_is_not_told_as_missing_too() -> None:
    components: dict[str, Any] = {"panda": {}}
    assert _where(components=components) == {"components.panda"}
    assert _where(components=components, broken={("components", "msgsv")}) == set()


@pytest.mark.parametrize(
    ("smaller", "larger"), [("500m", "1"), ("1", "1k"), ("1000M", "1Gi"), ("1.5Gi", "1600Mi"), ("1E", "1Ei")]
)
def test_quantities_compare_as_kubernetes_compares_them(smaller: str, larger: str) -> None:
    assert amount(smaller) < amount(larger)
    assert amount("1Gi") == amount("1024Mi")
