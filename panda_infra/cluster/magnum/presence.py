"""Check the owner of an existing cluster with the stack's name, and its differences from the stack file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from panda_infra.clients.openstack.api import ClusterInfo, OpenStack
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import Problem
from panda_infra.provider.cluster_description import FIXED, inputs_from
from panda_infra.provider.owned import differences, made_by, name_is_taken, owner_in_words

__all__ = ["Presence", "judge_presence"]


@dataclass(frozen=True)
class Presence:
    """The problems of working with the existing cluster, and notes on its further use."""

    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()


def judge_presence(
    cluster: MagnumCluster,
    owner: str,
    existing: Sequence[ClusterInfo],
    openstack: OpenStack,
    recorded: Set[str],
) -> Presence:
    """Check that the stack made the cluster, may continue it or take it over; without one, that it was not renamed.

    ``recorded`` are the ids of the clusters in the engine's state.
    """
    if not existing:
        return Presence(list(_renamed(cluster, openstack, recorded)))
    if len(existing) > 1:
        what = f"Magnum has {len(existing)} clusters called {cluster.name}"
        return Presence(
            [Problem("cluster.name", what, "Delete or rename all but one: names must be unique here.")]
        )
    found = openstack.cluster(existing[0].id) or existing[0]
    if found.id in recorded:
        return Presence(notes=list(_end(cluster, found)))
    if cluster.adopt:
        problems = list(_not_as_described(cluster, found, openstack))
        return Presence(problems, [_taken_over(cluster, found), *_end(cluster, found)])
    if made_by(found, owner):
        note = (
            f"cluster {cluster.name} ({found.id}, {found.status}) was begun by an interrupted run of this stack, "
            "which goes on with it"
        )
        wrong = [] if found.failed else list(_not_as_described(cluster, found, openstack, only=FIXED.keys()))
        return Presence(wrong, [note])
    return Presence(
        [
            Problem(
                "cluster.name",
                name_is_taken(cluster.name, existing=[found]),
                "`openstack coe cluster show` shows it; `adopt: true` needs no other change, and never deletes it.",
            )
        ]
    )


def _renamed(cluster: MagnumCluster, openstack: OpenStack, recorded: Set[str]) -> Iterator[Problem]:
    for found in filter(None, map(openstack.cluster, sorted(recorded))):
        what = f"this stack's cluster is {found.name}, which nobody can rename to {cluster.name}"
        yield Problem("cluster.name", what, f"Undo the change, or {FIXED['name']}.")


def _taken_over(cluster: MagnumCluster, found: ClusterInfo) -> str:
    return f"cluster {cluster.name} ({found.id}, {owner_in_words(found)}) is taken over as it is"


def _end(cluster: MagnumCluster, found: ClusterInfo) -> Iterator[str]:
    if cluster.adopt and cluster.delete_adopted:
        yield f"cluster {cluster.name} ({found.id}) was not made by this stack and will be deleted with it"
    elif cluster.adopt:
        yield f"cluster {cluster.name} ({found.id}) stays when this stack is destroyed"


def _not_as_described(
    cluster: MagnumCluster, found: ClusterInfo, openstack: OpenStack, *, only: Set[str] | None = None
) -> Iterator[Problem]:
    """Each key, or each of ``only``, whose value differs from the cluster's."""
    if not found.complete and cluster.adopt:
        what = f"cluster {cluster.name} is {found.status}: only a complete cluster can be taken over"
        yield Problem("cluster.adopt", what, "Wait for it, or mend it with Magnum first.")
        return
    for name, (actual, wanted) in differences(openstack, found, inputs_from(cluster)).items():
        if only is None or name in only:
            what = f"the cluster has {_shown(actual)}, the stack file has {_shown(wanted)}"
            yield Problem(
                f"cluster.{name}",
                what,
                "Describe the cluster as it is; what Magnum can change, change afterwards.",
            )


def _shown(value: object) -> str:
    return "nothing" if value in ("", None, [], {}) else str(value)
