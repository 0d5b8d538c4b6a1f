"""When a machine counts as down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from panda_infra.node_recovery.confirmation import by_nova, unconfirmed
from panda_infra.node_recovery.decision import Node

DEAD = Node("dead", ready=False, machine="dead-server")
LIVING = [Node("a", ready=True, machine="a-server")]


class Cloud:
    """Servers by their UUID."""

    def __init__(self, **servers: Mapping[str, Any]) -> None:
        self.servers = {f"{name}-server": state for name, state in servers.items()}

    def server(self, uuid: str) -> Mapping[str, Any] | None:
        return self.servers.get(uuid)


class Silent:
    def server(self, uuid: str) -> Mapping[str, Any] | None:
        raise OSError(f"no answer for {uuid}")


@pytest.mark.parametrize(
    ("state", "doubt"),
    [
        ({"status": "SHUTOFF"}, ""),
        ({"status": "SHUTOFF", "OS-EXT-STS:task_state": None}, ""),
        ({"status": "SHELVED_OFFLOADED"}, ""),
        ({"status": "SHUTOFF", "OS-EXT-STS:task_state": "powering-on"}, "which is powering-on"),
        ({"status": "ACTIVE"}, "its server is ACTIVE in Nova"),
        ({"status": "PAUSED"}, "PAUSED"),
        ({"status": "SUSPENDED"}, "SUSPENDED"),
        ({"status": "ERROR"}, "ERROR"),
        ({"status": "UNKNOWN"}, "UNKNOWN"),
        ({}, "None"),
    ],
)
def test_the_state_of_its_server(state: Mapping[str, Any], doubt: str) -> None:
    reported = by_nova(Cloud(dead=state, a={"status": "ACTIVE"}))(DEAD, LIVING)
    assert doubt in reported
    assert bool(reported) == bool(doubt)


def test_a_server_that_is_gone_counts_only_where_another_is_found() -> None:
    assert by_nova(Cloud(a={"status": "ACTIVE"}))(DEAD, LIVING) == ""
    assert "neither its server" in by_nova(Cloud())(DEAD, LIVING)
    assert "neither its server" in by_nova(Cloud())(DEAD, [Node("x", ready=True)])


def test_without_an_answer_or_a_machine_nothing_is_certain() -> None:
    assert "no answer" in by_nova(Silent())(DEAD, LIVING)
    assert "no server" in by_nova(Cloud())(Node("dead", ready=False), LIVING)


def test_a_stack_may_take_the_risk() -> None:
    assert unconfirmed(DEAD, LIVING) == ""
