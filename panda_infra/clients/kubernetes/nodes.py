"""The nodes of a cluster, read from the Kubernetes API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from panda_infra.clients.kubernetes.objects import true_conditions

__all__ = ["Node", "node_of"]

_ROLE_LABEL = "magnum.openstack.org/role"
_MASTER_NAME = re.compile(r".+-[a-z0-9]{12}-master-\d+")
_MASTER_LABELS = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


@dataclass(frozen=True)
class Node:
    """A node; ``server`` is the id of its Nova server, empty until the cloud provider has set it."""

    name: str
    ready: bool
    master: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    server: str = ""


def node_of(item: Mapping[str, Any]) -> Node:
    """A node from its object in the API."""
    name = item["metadata"]["name"]
    labels = item["metadata"].get("labels") or {}
    return Node(
        name=name,
        ready="Ready" in true_conditions(item),
        master=_is_master(name, labels),
        labels=labels,
        annotations=item["metadata"].get("annotations") or {},
        server=item.get("spec", {}).get("providerID", "").rpartition("/")[2],
    )


def _is_master(name: str, labels: Mapping[str, str]) -> bool:
    """True if the role labels mark a master; without such labels, if the name is one of Magnum's driver for masters."""
    if any(label in labels for label in _MASTER_LABELS):
        return True
    role = labels.get(_ROLE_LABEL)
    return role == "master" if role else _MASTER_NAME.fullmatch(name) is not None
