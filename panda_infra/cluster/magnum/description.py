"""Write the section ``cluster`` of a stack file for an existing Magnum cluster."""

from __future__ import annotations

from typing import Any

from panda_infra.clients.openstack.api import OpenStack
from panda_infra.errors import PandaInfraError
from panda_infra.provider.owned import inputs_of

__all__ = ["described"]


def described(openstack: OpenStack, name: str, *, cloud: str | None) -> dict[str, Any]:
    """The section of a stack file that takes a cluster over.

    Raises:
        PandaInfraError: not exactly one cluster has that name, or OpenStack cannot be asked.
    """
    found = openstack.clusters_named(name)
    if len(found) != 1:
        raise PandaInfraError(
            f"Magnum has {len(found) or 'no'} clusters called {name}, of which it must have one; "
            "`openstack coe cluster list` shows them all"
        )
    inputs = inputs_of(openstack, openstack.cluster(found[0].id) or found[0])
    groups = [
        {"name": group.name, "flavor": _flavor(openstack, group.flavor), "count": group.count}
        for group in inputs.node_groups
    ]
    section = {
        "kind": "magnum",
        "cloud": cloud,
        "name": inputs.name,
        "adopt": True,
        "template": inputs.template,
        "keypair": inputs.keypair,
        "nodeCount": inputs.node_count,
        "flavor": _flavor(openstack, inputs.flavor),
        "masterCount": inputs.master_count,
        "masterFlavor": _flavor(openstack, inputs.master_flavor),
        "labels": dict(inputs.labels),
        "nodeGroups": groups,
    }
    if inputs.labels.get("auto_scaling_enabled") == "true":
        section["nodeCounts"] = "autoscaler"
    return {key: value for key, value in section.items() if value not in (None, {}, [])}


def _flavor(openstack: OpenStack, given: str) -> str:
    """A flavor's name: Magnum repeats the given name or id."""
    found = openstack.flavor(given)
    return found.name if found else given
