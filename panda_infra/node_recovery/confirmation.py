"""Confirmation that the machine of a silent node is down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from panda_infra.node_recovery.controller import Confirm
from panda_infra.node_recovery.decision import Node

__all__ = ["Servers", "by_nova", "unconfirmed"]

_DOWN = ("SHUTOFF", "SHELVED", "SHELVED_OFFLOADED", "DELETED", "SOFT_DELETED")
# Some nodes of a cluster may be of another cloud or project.
_MOST_ASKED = 10
_STATUS, _TASK = "status", "OS-EXT-STS:task_state"


class Servers(Protocol):
    """The servers of a cloud."""

    def server(self, uuid: str) -> Mapping[str, Any] | None:
        """A server; None if the project has none of this UUID.

        Raises:
            OSError: the cloud refuses or does not answer.
        """


def unconfirmed(_node: Node, _ready: Sequence[Node]) -> str:
    """Silence is enough: the site accepts the risk that the machine still runs."""
    return ""


def by_nova(nova: Servers) -> Confirm:
    """The state of the node's server in Nova.

    A server that Nova does not have counts as deleted only if the credential finds the server of another node: that of
    another project finds none at all.
    """

    def confirm(node: Node, ready: Sequence[Node]) -> str:
        if not node.machine:
            return "it names no server of Nova"
        try:
            server = nova.server(node.machine)
            if server is None:
                others = [each.machine for each in ready if each.machine][:_MOST_ASKED]
                if any(nova.server(each) is not None for each in others):
                    return ""
                return f"the credential finds neither its server {node.machine} in Nova nor another node's"
        except OSError as error:
            return f"Nova cannot be asked: {error}"
        return _doubt(server)

    return confirm


def _doubt(server: Mapping[str, Any]) -> str:
    status, task = server.get(_STATUS), server.get(_TASK)
    if status in _DOWN and not task:
        return ""
    doing = f", which is {task}" if task else ""
    return f"its server is {status}{doing} in Nova"
