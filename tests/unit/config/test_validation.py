"""What is wrong is cut out, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.config.paths import spelled
from panda_infra.config.stack import StackConfig
from panda_infra.config.validation import validated
from panda_infra.products.panda.auth import AuthSettings
from tests.support.stacks import sections


def _validated(**overrides: Any) -> tuple[StackConfig, set[str]]:
    config, found = validated(sections(**overrides), stack="demo")
    return config, {spelled(finding.path) for finding in found}


def test_what_is_right_stays_as_it_is() -> None:
    given = sections()
    config, found = validated(given, stack="demo")
    assert not found
    assert given == sections()
    assert set(config.components.deployed()) == set(given["components"])


def test_items_of_a_list_go_without_moving_each_other() -> None:
    clients = [{"name": "a"}, {"name": "b", "clientId": "b"}, None, {"name": "d", "clientId": 1}]
    config, found = _validated(auth={"clients": clients})
    assert found == {"auth.clients[0].clientId", "auth.clients[2]", "auth.clients[3].clientId"}
    assert [client.name for client in config.of(AuthSettings).clients] == ["b"]


def test_a_broken_component_stays_deployed() -> None:
    config, found = _validated(components={"msgsvc": None, "panda": 3, "idds": {"rest": {"replicas": 0}}})
    assert found == {"components.msgsvc", "components.panda", "components.idds.rest.replicas"}
    assert set(config.components.deployed()) == {"msgsvc", "panda", "idds"}


@pytest.mark.parametrize("section", ["experiment", "cluster", "storage", "components"])
def test_a_required_section_has_a_stand_in(section: str) -> None:
    config, found = _validated(**{section: []})
    assert found == {section}
    assert isinstance(config, StackConfig)


def test_what_no_cut_can_mend_still_ends() -> None:
    _, found = _validated(hosts={"panda": "\ud800"})
    assert "" in found
