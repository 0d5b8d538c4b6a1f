"""How the rules are run; the message of each rule is in tests/bad_stacks/rules.yaml."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path as FilePath
from typing import Any

import pytest

from panda_infra import products
from panda_infra.config.paths import Path
from panda_infra.config.quantities import amount
from panda_infra.config.stack import StackConfig
from panda_infra.products.registry import COMPONENTS, PRODUCTS, components_of
from panda_infra.products.rule import WHOLE, Rule
from panda_infra.rules import book
from panda_infra.rules.book import rules
from panda_infra.rules.judge import judge_given
from tests.support.stacks import sections, stack

RULES = tuple(dict.fromkeys(rule for product in PRODUCTS.values() for rule in rules(product)))


def _where(broken: set[Path] | None = None, **overrides: Any) -> set[str]:
    problems = judge_given(stack(**overrides), stack="demo", broken=broken or set())
    return {problem.where for problem in problems}


def _components(**overrides: Any) -> dict[str, Any]:
    return {**sections()["components"], **overrides}


def test_a_good_stack_breaks_no_rule() -> None:
    assert _where() == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_reads_sections_that_exist_and_says_what_it_judges(rule: Rule) -> None:
    names = {info.alias for info in StackConfig.model_fields.values()}
    assert rule.reads
    assert rule.reads <= names or rule.reads == {WHOLE}
    assert inspect.getdoc(rule.check)
    assert inspect.getdoc(inspect.getmodule(rule.check))


def test_the_book_has_rules_in_each_of_its_modules() -> None:
    folder = FilePath(book.__file__).parent
    modules = {file.stem for file in folder.glob("*.py")} - {"__init__"}
    assert {rule.name.partition(".")[0] for rule in RULES} >= modules
    assert {rule for spec in COMPONENTS.values() for rule in spec.rules} <= set(RULES)


def test_no_rule_that_lies_with_a_product_is_left_out() -> None:
    modules = pkgutil.walk_packages(products.__path__, f"{products.__name__}.")
    found = {
        each
        for module in modules
        for each in vars(importlib.import_module(module.name)).values()
        if isinstance(each, Rule)
    }
    assert found
    assert found <= set(RULES)


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


def test_parts_of_another_product_forbid_no_affix() -> None:
    parts = {sub.name for spec in components_of(PRODUCTS["ctao"]).values() for sub in spec.sub_components}
    own = {sub.name for spec in components_of(PRODUCTS["panda"]).values() for sub in spec.sub_components}
    foreign = sorted(name for name in parts if not any(each in name for each in own))
    assert "redis" in foreign
    assert [name for name in foreign if "affix" in _where(affix=f"-{name}")] == []


def test_a_misspelt_component_is_not_reported_as_missing_too() -> None:
    components: dict[str, Any] = {"panda": {}}
    assert _where(components=components) == {"components.msgsvc"}
    assert _where(components=components, broken={("components", "msgsv")}) == set()


@pytest.mark.parametrize(
    ("smaller", "larger"), [("500m", "1"), ("1", "1k"), ("1000M", "1Gi"), ("1.5Gi", "1600Mi"), ("1E", "1Ei")]
)
def test_quantities_compare_as_kubernetes_compares_them(smaller: str, larger: str) -> None:
    assert amount(smaller) < amount(larger)
    assert amount("1Gi") == amount("1024Mi")
