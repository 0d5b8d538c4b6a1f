"""The owner of a cluster, which a stack writes on all that it makes, and a cluster's differences from inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from panda_infra.clients.openstack.api import ClusterInfo, OpenStack
from panda_infra.provider.cluster_description import ClusterInputs, left_to_autoscaler
from panda_infra.provider.node_groups import described
from panda_infra.provider.resource import changed_fields

__all__ = [
    "CLUSTER_LABEL",
    "NODE_ANNOTATION",
    "SERVER_KEY",
    "differences",
    "inputs_of",
    "made_by",
    "name_is_taken",
    "owner_in_words",
]

CLUSTER_LABEL = "panda_infra_owner"
"""Magnum label of a cluster: the stack that made it."""
SERVER_KEY = "panda-infra-owner"
"""Key in a server's metadata: the stack that gave it its LanDB aliases."""
NODE_ANNOTATION = "panda-infra/labels-of"
"""Annotation of a node: the stack that gave it its labels."""


def made_by(cluster: ClusterInfo, owner: str) -> bool:
    """True if the stack with that owner's text made the cluster."""
    return bool(owner) and cluster.labels.get(CLUSTER_LABEL) == owner


def owner_in_words(cluster: ClusterInfo) -> str:
    """The owner of a cluster, for messages."""
    owner = cluster.labels.get(CLUSTER_LABEL)
    return f"made by stack {owner}" if owner else "with no owner written on it"


def name_is_taken(name: str, existing: Iterable[ClusterInfo]) -> str:
    """The message that the clusters of a name are not the stack's, with the fixes."""
    found = ", ".join(f"{cluster.id} ({cluster.status}, {owner_in_words(cluster)})" for cluster in existing)
    return (
        f"Magnum has a cluster {name} already, which this stack did not make: {found}. "
        "Take it over with `cluster.adopt: true`, delete it, or choose another name"
    )


def inputs_of(openstack: OpenStack, cluster: ClusterInfo) -> ClusterInputs:
    """The inputs that describe an existing cluster, with all of its node groups."""
    node_count, groups = described(openstack.node_groups(cluster.id), None)
    return ClusterInputs(
        name=cluster.name,
        template=openstack.template_name(cluster.template),
        keypair=cluster.keypair,
        flavor=cluster.flavor,
        master_flavor=cluster.master_flavor,
        node_count=node_count,
        master_count=cluster.master_count,
        labels={key: value for key, value in cluster.added_labels.items() if key != CLUSTER_LABEL},
        node_groups=groups,
    )


def differences(
    openstack: OpenStack, cluster: ClusterInfo, wanted: ClusterInputs
) -> Mapping[str, tuple[object, object]]:
    """The inputs in which a cluster differs: actual and wanted value by their names on the wire.

    A flavor may be given by name or by id, and Magnum repeats it unchanged. A label that the template also sets is not
    a difference, and neither is an additional node group.
    """
    actual = inputs_of(openstack, cluster)
    wanted = left_to_autoscaler(wanted, actual)
    groups = {group.name: group for group in actual.node_groups}
    actual = actual.model_copy(
        update={"node_groups": tuple(groups[g.name] for g in wanted.node_groups if g.name in groups)}
    )
    differing = changed_fields(
        actual, wanted, but=frozenset({"adopt", "delete_adopted", "labels", "node_counts"})
    )
    if {"flavor", "masterFlavor", "nodeGroups"} & differing:
        differing -= _same_flavors(openstack, actual, wanted)
    if "template" in differing and openstack.template(wanted.template) == cluster.template:
        differing.remove("template")
    if any(cluster.labels.get(key) != value for key, value in wanted.labels.items()):
        differing.add("labels")
    have, want = (model.model_dump(mode="json", by_alias=True) for model in (actual, wanted))
    return {name: (have[name], want[name]) for name in sorted(differing)}


def _same_flavors(openstack: OpenStack, actual: ClusterInputs, wanted: ClusterInputs) -> set[str]:
    """The inputs whose flavors are the same although their spelling differs."""

    def same(one: str, other: str) -> bool:
        return one == other or openstack.flavor(one) == openstack.flavor(other)

    found = set()
    if same(actual.flavor, wanted.flavor):
        found.add("flavor")
    if same(actual.master_flavor, wanted.master_flavor):
        found.add("masterFlavor")
    pairs = zip(actual.node_groups, wanted.node_groups, strict=False)
    if len(actual.node_groups) == len(wanted.node_groups) and all(
        (a.name, a.count) == (w.name, w.count) and same(a.flavor, w.flavor) for a, w in pairs
    ):
        found.add("nodeGroups")
    return found
