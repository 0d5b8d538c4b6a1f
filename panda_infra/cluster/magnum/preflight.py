"""Find the problems of making or growing a Magnum cluster before any change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from panda_infra.clients.openstack.api import (
    ClusterInfo,
    Flavor,
    Limits,
    NodeGroupInfo,
    OpenStack,
    OpenStackError,
)
from panda_infra.cluster.magnum.keypair import MadeKeypair, keypair_of
from panda_infra.cluster.magnum.presence import Presence, judge_presence
from panda_infra.cluster.magnum.shared_aliases import judge_aliases
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import Problem
from panda_infra.plan.capacity import Storage
from panda_infra.plan.flavors import Flavor as Size
from panda_infra.plan.ownership import Owner
from panda_infra.state.recorded import Recorded

__all__ = ["Report", "Stack", "check_magnum", "inspect"]

_UNITS = {"ram": " MiB", "share storage": " GiB"}
_STORAGE = ("volumes", "shares", "share storage")


@dataclass(frozen=True)
class Report:
    """The result of the checks.

    ``quota`` has one line per quota for the preview: used, needed and allowed. ``flavors`` are the sizes in Nova of the
    stack's flavors, ``notes`` are remarks for a person before anything is made.
    """

    problems: Sequence[Problem] = ()
    quota: Sequence[str] = ()
    flavors: Mapping[str, Size] = field(default_factory=dict)
    notes: Sequence[str] = ()
    keypair: MadeKeypair | None = None


@dataclass(frozen=True)
class Stack:
    """The data of a stack that the checks need beside its cluster.

    ``owner`` is written on all that it makes, ``recorded`` is the engine's state, ``aliases`` lead to the cluster,
    ``storage`` is still needed by its claims. A stack ``of_pair`` shares its hosts with another one.
    """

    owner: Owner
    recorded: Recorded
    aliases: Sequence[str] = ()
    storage: Storage = field(default_factory=Storage)
    of_pair: bool = False


def check_magnum(cluster: MagnumCluster, stack: Stack) -> Report:
    """Run `inspect` with the cloud that the stack names."""
    from panda_infra.clients.openstack.sdk import SdkOpenStack  # noqa: PLC0415 - a second, for Magnum stacks only

    try:
        return inspect(cluster, stack, SdkOpenStack(cluster.cloud))
    except OpenStackError as error:
        fix = "Check clouds.yaml (OS_CLIENT_CONFIG_FILE) or the OS_* variables; `openstack token issue` must work."
        return Report([Problem("cluster.cloud", str(error), fix)])


def inspect(cluster: MagnumCluster, stack: Stack, openstack: OpenStack) -> Report:
    """Check the cluster's references and owner, and compare its needs with the project's quota.

    For an existing cluster only growth counts.

    Raises:
        OpenStackError: OpenStack cannot be asked.
    """
    existing = list(openstack.clusters_named(cluster.name))
    flavors = {name: openstack.flavor(name) for name in _flavor_names(cluster).values()}
    sizes = {name: Size(flavor.vcpus, flavor.ram) for name, flavor in flavors.items() if flavor}
    groups = openstack.node_groups(existing[0].id) if existing else []
    keypair = _keypair(cluster, stack, openstack)
    presence = judge_presence(cluster, str(stack.owner), existing, openstack, stack.recorded.clusters)
    added = [group.name for group in groups if not group.default]
    shared = (
        Presence()
        if presence.problems
        else judge_aliases(cluster, stack.aliases, added, openstack, of_pair=stack.of_pair)
    )
    problems = [
        *_missing(cluster, openstack, flavors, exists=bool(existing)),
        *([] if existing else _creation(cluster, openstack)),
        *([keypair] if isinstance(keypair, Problem) else []),
        *presence.problems,
        *shared.problems,
    ]
    if problems or isinstance(keypair, Problem):
        return Report(problems, flavors=sizes)
    storage = (stack.storage.volumes, stack.storage.shares, stack.storage.share_gib)
    need = _need(cluster, flavors, groups, existing) | dict(zip(_STORAGE, storage, strict=True))
    limits = {**openstack.limits(), "clusters": openstack.cluster_limits()}
    return Report(
        list(_exceeded(need, limits)),
        [_line(name, need[name], limit) for name, limit in limits.items()],
        sizes,
        [*presence.notes, *shared.notes, *_keypair_notes(cluster, keypair)],
        keypair,
    )


def _keypair(cluster: MagnumCluster, stack: Stack, openstack: OpenStack) -> MadeKeypair | Problem | None:
    if cluster.public_key is None:
        return None
    nova = openstack.keypair(cluster.keypair)
    recorded = stack.recorded.public_key
    return keypair_of(cluster, owner=stack.owner, nova=nova, recorded=recorded)


def _keypair_notes(cluster: MagnumCluster, keypair: MadeKeypair | None) -> Iterator[str]:
    if cluster.public_key is not None and keypair is None:
        yield f"keypair {cluster.keypair} exists with this very key and is not this stack's: it is used, and stays"


def _flavor_names(cluster: MagnumCluster) -> dict[str, str]:
    groups = {f"cluster.nodeGroups[{i}].flavor": group.flavor for i, group in enumerate(cluster.node_groups)}
    return {"cluster.flavor": cluster.flavor, "cluster.masterFlavor": cluster.master_flavor, **groups}


def _missing(
    cluster: MagnumCluster, openstack: OpenStack, flavors: Mapping[str, Flavor | None], *, exists: bool
) -> Iterator[Problem]:
    template = openstack.template(cluster.template)
    if template is None:
        fix = "`openstack coe cluster template list` shows them."
        yield Problem("cluster.template", f"Magnum has no cluster template {cluster.template}", fix)
    elif not exists and cluster.master_count > 1 and not openstack.balances_masters(template):
        what = (
            f"clusters of template {cluster.template} have no load balancer, so Magnum gives them one master"
        )
        yield Problem("cluster.masterCount", what, "Write 1, or a template with `master_lb_enabled`.")
    for where, name in _flavor_names(cluster).items():
        if flavors[name] is None:
            yield Problem(where, f"Nova has no flavor {name}", "`openstack flavor list` shows them.")
    if cluster.public_key is None and openstack.keypair(cluster.keypair) is None:
        fix = "Make it with `openstack keypair create`, or set cluster.publicKey to have the stack make it."
        yield Problem("cluster.keypair", f"you have no keypair {cluster.keypair}", fix)


def _creation(cluster: MagnumCluster, openstack: OpenStack) -> Iterator[Problem]:
    if cluster.master_count % 2 == 0:
        what = f"{cluster.master_count} masters: Magnum makes an odd number, of which a majority can remain"
        yield Problem("cluster.masterCount", what, f"Write {cluster.master_count + 1}.")
    if cluster.adopt:
        what = f"there is no cluster {cluster.name} to take over"
        yield Problem("cluster.adopt", what, "Correct cluster.name, or remove `adopt` to have it made.")
    elif openstack.application_credential():
        what = "application credentials cannot create clusters: Keystone refuses them the trust that Magnum needs"
        yield Problem("cluster.cloud", what, "Use a password or a token, e.g. another entry of clouds.yaml.")


def _need(
    cluster: MagnumCluster,
    flavors: Mapping[str, Flavor | None],
    groups: Sequence[NodeGroupInfo],
    existing: Sequence[ClusterInfo],
) -> dict[str, int]:
    """The additional use of each limited thing."""
    there = {group.name: group.node_count for group in groups if not group.default}
    masters = sum(group.node_count for group in groups if group.role == "master")
    workers = sum(group.node_count for group in groups if group.default and group.role != "master")
    if existing and cluster.node_counts == "autoscaler":
        there |= {
            group.name: max(there[group.name], group.count)
            for group in cluster.node_groups
            if group.name in there
        }
        workers = max(workers, cluster.node_count)
    more = [
        (flavors[cluster.flavor], cluster.node_count - workers),
        (flavors[cluster.master_flavor], 0 if existing else cluster.master_count - masters),
        *((flavors[group.flavor], group.count - there.get(group.name, 0)) for group in cluster.node_groups),
    ]
    sizes = [(flavor, count) for flavor, count in more if flavor is not None and count > 0]
    return {
        "instances": sum(count for _, count in sizes),
        "cores": sum(flavor.vcpus * count for flavor, count in sizes),
        "ram": sum(flavor.ram * count for flavor, count in sizes),
        "clusters": 0 if existing else 1,
    }


def _exceeded(need: Mapping[str, int], limits: Mapping[str, Limits]) -> Iterator[Problem]:
    for name, limit in limits.items():
        if need[name] and limit.maximum is not None and limit.used + need[name] > limit.maximum:
            where = "storage" if name in _STORAGE else "cluster"
            fewer = "claims" if name in _STORAGE else "nodes"
            fix = f"Free some, ask for more quota, or ask for fewer or smaller {fewer}."
            yield Problem(where, f"the quota is too small: {_line(name, need[name], limit)}", fix)


def _line(name: str, need: int, limit: Limits) -> str:
    unit = _UNITS.get(name, "")
    maximum = "no limit known" if limit.maximum is None else f"of {limit.maximum}{unit}"
    return f"{name}: {need}{unit} more needed, {limit.used}{unit} used {maximum}"
