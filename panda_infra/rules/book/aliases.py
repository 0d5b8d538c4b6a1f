"""Rule about LanDB aliases: LanDB must be able to balance every exposed host."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import Problem
from panda_infra.plan.aliases import alias_of
from panda_infra.plan.argocd import argocd_host
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]


@rule("cluster", "hosts", "argocd")
def check(subject: Subject) -> Iterator[Problem]:
    """Hosts must be directly under LanDB's domain, if this program writes the cluster's aliases or may do so soon."""
    config = subject.config
    cluster = config.cluster
    if not isinstance(cluster, MagnumCluster):
        return
    if cluster.aliases != "program" and cluster.alias_workers is not None:
        what = f"has no effect with `aliases: {cluster.aliases}`: the program writes none"
        yield Problem("cluster.aliasWorkers", what, "Remove it, or write `aliases: program`.")
    if cluster.aliases == "controller":
        return
    named = [
        (f"hosts.{info.alias}", getattr(config.hosts, key))
        for key, info in type(config.hosts).model_fields.items()
    ]
    named += [(f"cluster.aliasHosts[{index}]", host) for index, host in enumerate(cluster.alias_hosts)]
    named.append(("argocd.host", argocd_host(config)))
    for where, host in named:
        if host is None:
            continue
        try:
            alias_of(host, cluster.alias_domain)
        except ValueError as error:
            fix = (
                f"Name a host such as panda.{cluster.alias_domain}, set cluster.aliasDomain, "
                "or leave aliases to somebody else with `aliases: controller`."
            )
            yield Problem(where, f"{error}: LanDB has no alias for it", fix)
