"""What stands in the way of making or growing a Magnum cluster, found before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from panda_infra.catalog.flavors import Flavor as Size
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import Problem
from panda_infra.provider.openstack_api import (
    ClusterInfo,
    Flavor,
    Limits,
    NodeGroupInfo,
    OpenStack,
    OpenStackError,
)

__all__ = ["Report", "check_magnum", "inspect"]

_UNITS = {"ram": " MiB"}


@dataclass(frozen=True)
class Report:
    """Every problem, and for the preview one line per quota: what is used, needed and allowed.

    ``flavors`` are the sizes that Nova gives the flavors which the stack names.
    """

    problems: Sequence[Problem] = ()
    quota: Sequence[str] = field(default=())
    flavors: Mapping[str, Size] = field(default_factory=dict)


def check_magnum(cluster: MagnumCluster, *, volumes: int = 0) -> Report:
    """`inspect` against the cloud that the stack names."""
    from panda_infra.provider.openstack_sdk import SdkOpenStack  # noqa: PLC0415 - a second, for Magnum stacks only

    try:
        return inspect(cluster, SdkOpenStack(cluster.cloud), volumes=volumes)
    except OpenStackError as error:
        fix = "Check clouds.yaml (OS_CLIENT_CONFIG_FILE) or the OS_* variables; `openstack token issue` must work."
        return Report([Problem("cluster.cloud", str(error), fix)])


def inspect(cluster: MagnumCluster, openstack: OpenStack, *, volumes: int = 0) -> Report:
    """Look for what the cluster refers to, and hold what it needs against the project's quota.

    ``volumes`` is the number of Cinder volumes that the stack's claims will need. For a cluster that exists only
    growth counts.

    Raises:
        OpenStackError: OpenStack cannot be asked.
    """
    existing = list(openstack.clusters_named(cluster.name))
    flavors = {name: openstack.flavor(name) for name in _flavor_names(cluster).values()}
    problems = [*_missing(cluster, openstack, flavors)]
    if len(existing) > 1:
        what = f"Magnum has {len(existing)} clusters called {cluster.name}"
        problems.append(
            Problem("cluster.name", what, "Delete or rename all but one: names must be unique here.")
        )
    if not existing:
        problems += _creation(cluster, openstack)
    sizes = {name: Size(flavor.vcpus, flavor.ram) for name, flavor in flavors.items() if flavor}
    if problems:
        return Report(problems, flavors=sizes)
    groups = openstack.node_groups(existing[0].id) if existing else []
    need = _need(cluster, flavors, groups, existing) | {"volumes": 0 if existing else volumes}
    limits = {**openstack.limits(), "clusters": openstack.cluster_limits()}
    return Report(
        list(_exceeded(need, limits)),
        [_line(name, need[name], limit) for name, limit in limits.items()],
        sizes,
    )


def _flavor_names(cluster: MagnumCluster) -> dict[str, str]:
    groups = {f"cluster.nodeGroups[{i}].flavor": group.flavor for i, group in enumerate(cluster.node_groups)}
    return {"cluster.flavor": cluster.flavor, "cluster.masterFlavor": cluster.master_flavor, **groups}


def _missing(
    cluster: MagnumCluster, openstack: OpenStack, flavors: Mapping[str, Flavor | None]
) -> Iterator[Problem]:
    template = openstack.template(cluster.template)
    if template is None:
        fix = "`openstack coe cluster template list` shows them."
        yield Problem("cluster.template", f"Magnum has no cluster template {cluster.template}", fix)
    elif cluster.master_count > 1 and not openstack.balances_masters(template):
        what = (
            f"clusters of template {cluster.template} have no load balancer, so Magnum gives them one master"
        )
        yield Problem("cluster.masterCount", what, "Write 1, or a template with `master_lb_enabled`.")
    for where, name in _flavor_names(cluster).items():
        if flavors[name] is None:
            yield Problem(where, f"Nova has no flavor {name}", "`openstack flavor list` shows them.")
    if cluster.public_key is None and not openstack.keypair(cluster.keypair):
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
        what = "application credentials cannot create clusters: Keystone lets them make no trust for Magnum"
        yield Problem("cluster.cloud", what, "Use a password or a token, e.g. another entry of clouds.yaml.")


def _need(
    cluster: MagnumCluster,
    flavors: Mapping[str, Flavor | None],
    groups: Sequence[NodeGroupInfo],
    existing: Sequence[ClusterInfo],
) -> dict[str, int]:
    """How much more of each limited thing it takes."""
    there = {group.name: group.node_count for group in groups if not group.default}
    masters = sum(group.node_count for group in groups if group.role == "master")
    workers = sum(group.node_count for group in groups if group.default and group.role != "master")
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
            fix = "Free some, ask for more quota, or ask for fewer or smaller nodes."
            yield Problem("cluster", f"the quota is too small: {_line(name, need[name], limit)}", fix)


def _line(name: str, need: int, limit: Limits) -> str:
    unit = _UNITS.get(name, "")
    maximum = "no limit known" if limit.maximum is None else f"of {limit.maximum}{unit}"
    return f"{name}: {need}{unit} more needed, {limit.used}{unit} used {maximum}"
