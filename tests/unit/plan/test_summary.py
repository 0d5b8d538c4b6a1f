"""The page that a reviewer reads, of every stack; UPDATE_GOLDEN=1 writes the pages anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.summary import summary
from testbed import site
from testbed.workspace import overridden
from tests.support.stack_files import STACKS, stack_file
from tests.support.stacks import stack

GOLDEN = Path(__file__).parents[2] / "golden" / "stacks"


def page(name: str) -> str:
    file = stack_file(name)
    return summary(make_plan(name, site.configuration(overridden(file, {}))), site=site.gaps(file))


@pytest.mark.parametrize("name", STACKS)
def test_the_page_of_each_stack_is_current(name: str) -> None:
    golden = GOLDEN / f"{name}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(page(name), encoding="utf-8")
    assert page(name) == golden.read_text(encoding="utf-8"), (
        "look at the change, then run with UPDATE_GOLDEN=1"
    )


def test_no_page_is_left_of_a_stack_that_is_gone() -> None:
    assert {golden.stem for golden in GOLDEN.glob("*.md")} == set(STACKS)


def test_what_does_not_apply_is_left_out() -> None:
    text = summary(make_plan("local", stack(components={"msgsvc": {}})))
    assert "## Hosts" not in text
    assert "Exposed by" not in text
    assert "Only the site knows" not in text


def test_requests_are_set_against_the_workers_of_a_known_flavor() -> None:
    cluster = {
        "kind": "magnum",
        "name": "panda",
        "template": "kubernetes-1.33.4-1",
        "keypair": "panda",
        "nodeCount": 4,
        "flavor": "m2.xlarge",
        "masterFlavor": "m2.medium",
    }
    text = summary(make_plan("doma", stack(cluster=cluster, components={"msgsvc": {}})))
    assert "4 CPU, 16 GiB of 32 CPU, 58.59 GiB that the workers have" in text


def test_what_the_charts_decide_is_shown_and_marked() -> None:
    panda = {"server": {"image": {"tag": "1.0.2"}}, "jedi": {"volumes": {"logs": {"size": "9Gi"}}}}
    text = summary(make_plan("local", stack(components={"msgsvc": {}, "panda": panda})))
    assert "| panda server | StatefulSet | 1 | ghcr.io/pandawms/panda-server:1.0.2 |" in text
    assert "| panda jedi | StatefulSet | 1 | ghcr.io/pandawms/panda-server:1.0.0 (chart) |" in text
    assert "| panda server | logs | 5Gi (chart) of " in text
    assert "| panda jedi | logs | 9Gi of " in text


def test_nothing_is_said_of_a_chart_that_the_catalog_does_not_describe() -> None:
    panda = {"chart": {"version": "9.0.0"}, "server": {"image": {"tag": "1.0.2"}}}
    text = summary(make_plan("local", stack(components={"msgsvc": {}, "panda": panda})))
    assert "| panda server | StatefulSet | 1 | ?:1.0.2 |" in text
    assert "| panda jedi | StatefulSet | 1 | ?:? (chart) |" in text
    assert "| panda jedi | logs | ? (chart) of " in text
    assert "ghcr.io/pandawms/panda-activemq:0.0.4 (chart)" in text
