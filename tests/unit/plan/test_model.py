"""What a plan knows beside its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from tests.support import ctao, stacks

_HOSTS = {"panda": "panda-doma.cern.ch"}


def magnum(**changes: Any) -> dict[str, Any]:
    named = dict.fromkeys(("template", "keypair", "flavor", "masterFlavor"), "one")
    return {"kind": "magnum", "name": "PanDA_doma", **named, **changes}


def aliases(**changes: Any) -> tuple[str, ...]:
    return make_plan("doma", stacks.stack(hosts=_HOSTS, cluster=magnum(**changes))).aliases


def test_hosts_and_more_hosts_are_aliases() -> None:
    more = ["mq-doma.cern.ch", _HOSTS["panda"]]
    assert aliases(aliasHosts=more) == ("panda-doma", "mq-doma")


@pytest.mark.parametrize(
    ("stack", "endings"),
    [
        (stacks.stack, ["", "-harvester", "-panda", "-idds", "-bigmon", "-server"]),
        (ctao.stack, [""]),
    ],
)
def test_aliases_are_made_of_the_clusters_name_with_what_the_product_adds(
    stack: Callable[..., StackConfig], endings: list[str]
) -> None:
    plan = make_plan("doma", stack(hosts={}, cluster=magnum(nameAliases=True)))
    assert plan.aliases == tuple(f"panda-doma{ending}" for ending in endings)


def test_other_clusters_have_no_aliases() -> None:
    assert make_plan("local", stacks.stack(hosts={"panda": "panda.localhost"})).aliases == ()
