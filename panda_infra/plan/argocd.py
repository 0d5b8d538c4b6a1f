"""The Argo CD that a stack installs, as plain data; its manifests are fetched later, as charts are."""

from __future__ import annotations

from dataclasses import dataclass

from panda_infra.config.argocd import ArgoCd
from panda_infra.config.cluster import MagnumCluster
from panda_infra.config.stack import Settings, StackConfig
from panda_infra.plan.aliases import host_label
from panda_infra.products.registry import product_of_experiment

__all__ = ["ArgoCdPlan", "argocd_host", "argocd_plan", "installed_argocd"]


@dataclass(frozen=True)
class ArgoCdPlan:
    """Argo CD as the stack installs it.

    ``version`` is empty only in a stack that breaks a rule. ``host`` is None if it is not exposed, ``issuer`` if people
    log in by local accounts.
    """

    namespace: str
    version: str
    host: str | None
    issuer: str | None


def argocd_plan(config: StackConfig) -> ArgoCdPlan | None:
    """The Argo CD that a stack installs; None if it installs none."""
    argocd = installed_argocd(config)
    if argocd is None:
        return None
    issuer = None
    if argocd.login is not None:
        product = product_of_experiment(config.experiment)
        issuer = argocd.login.issuer or product.issuer(product.context(config))
    return ArgoCdPlan(argocd.namespace, argocd.version or "", argocd_host(config), issuer)


def installed_argocd(config: Settings) -> ArgoCd | None:
    """The section of an Argo CD that the stack installs; None if there is none, or if the cluster has it already."""
    return None if config.argocd is None or config.argocd.existing else config.argocd


def argocd_host(config: Settings) -> str | None:
    """The host name of the stack's own Argo CD: the given one, or one that is made of a Magnum cluster's name."""
    argocd = installed_argocd(config)
    if argocd is None:
        return None
    if argocd.host is None and isinstance(config.cluster, MagnumCluster):
        return f"argocd-{host_label(config.cluster.name)}.{config.cluster.alias_domain}"
    return argocd.host
