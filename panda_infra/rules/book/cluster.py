"""Rule about the cluster and the access to it."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.cluster import ExistingCluster, StackCluster
from panda_infra.config.messages import set_secret, set_setting
from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["AUTOSCALER", "check"]

AUTOSCALER = "auto_scaling_enabled"
"""Magnum's label of a cluster with an autoscaler."""


@rule("cluster", "secrets")
def check(subject: Subject) -> Iterator[Problem]:
    """Access and end of a cluster must be unambiguous, and names of node groups unique, Magnum's included."""
    config = subject.config
    if isinstance(config.cluster, ExistingCluster):
        where, given = "cluster.kubeconfig", config.cluster.kubeconfig
        if bool(given) == bool(config.secrets.kubeconfig):
            file = set_setting(subject.stack, where, "PATH")
            if given:
                yield Problem(where, "secrets.kubeconfig is given too", "Remove one of the two.")
            else:
                what = "is missing, and so is secrets.kubeconfig"
                fix = f"Run `{file}`, or `{set_secret(subject.stack, 'kubeconfig')} --file PATH`."
                yield Problem(where, what, fix, awaits_site=True)
        return
    if isinstance(config.cluster, StackCluster):
        return
    if config.cluster.delete_adopted and not config.cluster.adopt:
        what = "has no effect: the stack makes its cluster, which goes with it anyway"
        yield Problem("cluster.deleteAdopted", what, "Remove it, or add `adopt: true`.")
    if config.cluster.labels.get(AUTOSCALER) == "true" and config.cluster.node_counts == "program":
        what = f"the label {AUTOSCALER} has an autoscaler change the numbers of workers that this program would set"
        fix = "Write `nodeCounts: autoscaler` to leave them to it, or take the label away."
        yield Problem("cluster.nodeCounts", what, fix)
    names = [group.name for group in config.cluster.node_groups]
    for index, group in enumerate(config.cluster.node_groups):
        where = f"cluster.nodeGroups[{index}].name"
        if names[:index].count(group.name) == 1:
            yield Problem(where, f"there is more than one node group {group.name}", "Give each its own name.")
        if group.name in ("default-worker", "default-master"):
            what = f"{group.name} is the name of a group that Magnum makes by itself"
            yield Problem(where, what, "Give it another name, e.g. `name: large`.")
