"""The checks of every component: well named, about parts that exist, each with a requirement of its product."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from panda_infra.cli.app import app
from panda_infra.errors import PandaInfraError
from panda_infra.plan.make import make_plan
from panda_infra.products.registry import COMPONENTS, PRODUCTS, components_of, product_of
from panda_infra.products.verification import Check, Command, OwnTest, Request
from panda_infra.verify.checks import checks_of, chosen, requirements_of
from tests.support import ctao
from tests.support.pages import DOCS
from tests.support.stacks import stack

_DESCRIBED = [check for spec in COMPONENTS.values() for check in spec.checks]


@pytest.mark.parametrize("check", _DESCRIBED, ids=lambda check: check.name)
def test_a_described_check_is_about_what_exists(check: Check) -> None:
    product = product_of(check.component)
    assert check.requirement in product.requirements
    assert isinstance(check.ask, Request | Command)
    for part in (check.ask.part, *check.behind):
        component, _, sub = part.partition("/")
        assert product_of(component) is product
        COMPONENTS[component].sub_component(sub)
    if isinstance(check.ask, Request):
        component, _, sub = check.ask.part.partition("/")
        assert check.ask.port in COMPONENTS[component].sub_component(sub).ports
    assert re.fullmatch(r"[a-z-]+\.[a-z-]+", check.name)
    assert 0 < check.seconds <= 300


def test_each_described_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in _DESCRIBED]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=lambda product: product.name)
def test_every_usual_requirement_is_one_of_the_product(product: object) -> None:
    found = PRODUCTS[getattr(product, "name", "")]
    usual = found.usual
    assert {
        usual.runs,
        usual.credentials,
        usual.outside,
        usual.own_tests,
        usual.metrics,
    } <= found.requirements.keys()


def test_every_component_with_a_server_or_a_database_is_asked() -> None:
    for product in PRODUCTS.values():
        for name, spec in components_of(product).items():
            databases = [sub.name for sub in spec.sub_components if sub.is_database]
            asked = {check.ask.part for check in spec.checks if isinstance(check.ask, Command | Request)}
            assert {f"{name}/{each}" for each in databases} <= asked


def test_the_page_of_dpps_has_its_requirements() -> None:
    page = (DOCS / "ctao.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z-]+)` \| ([^|]+) \|", page, re.MULTILINE))
    assert rows == dict(PRODUCTS["ctao"].requirements)


def test_each_goal_of_dpps_has_a_command_or_a_reason() -> None:
    page = (DOCS / "ctao.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z-]+)` \| [^|]+ \| (.+) \|$", page, re.MULTILINE))
    assert rows.keys() == PRODUCTS["ctao"].requirements.keys()
    commands = "|".join(getattr(get_command(app), "commands", {}))
    shown = re.compile(rf"`(pulumi|{commands}) |not here, because")
    assert [name for name, text in rows.items() if not shown.search(text)] == []


def test_a_stack_has_the_checks_of_its_parts_alone() -> None:
    config = stack(
        hosts={"panda": "panda.site.org"},
        components={"msgsvc": {}, "panda": {"postgres": {"enabled": False}}},
    )
    plan = make_plan("demo", config)
    names = [check.name for check in checks_of(plan, [OwnTest("panda", "panda", "smoke")])]
    assert len(names) == len(set(names))
    assert {"msgsvc.activemq", "panda.server", "panda.jedi", "panda.credentials"} <= set(names)
    assert {"panda.outside.panda", "panda.alive", "panda.test.smoke"} <= set(names)
    assert "panda.postgres" not in names
    assert not [name for name in names if name.startswith("idds")]
    assert requirements_of(plan) == dict(PRODUCTS["panda"].requirements)


def test_rucio_is_asked_for_its_rule_at_the_end() -> None:
    checks = {check.name: check for check in checks_of(make_plan("ctao", ctao.stack()))}
    assert checks["rucio-daemons.rule"].alone
    assert {"rucio-bootstrap.job", "rucio.ping", "rucio.whoami", "rucio-config.storages"} <= set(checks)


def test_checks_are_chosen_by_name_and_by_component() -> None:
    checks = checks_of(make_plan("demo", stack(components={"msgsvc": {}, "panda": {}})))
    assert chosen(checks, []) == checks
    assert [check.name for check in chosen(checks, ["panda.alive", "msgsvc.round-trip"])] == [
        "msgsvc.round-trip",
        "panda.alive",
    ]
    assert {check.component for check in chosen(checks, ["msgsvc"])} == {"msgsvc"}
    with pytest.raises(PandaInfraError, match=r"panda\.alife: no check of this stack has that name"):
        chosen(checks, ["panda.alife", "msgsvc"])
