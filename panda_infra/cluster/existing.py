"""A cluster that others made, reached through a kubeconfig."""

from __future__ import annotations

from datetime import UTC, datetime

import pulumi

from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.errors import KubeconfigError, KubernetesError, KubernetesUnreachableError
from panda_infra.clients.kubernetes.kubeconfig import STATE, Source, Target, choose, read
from panda_infra.clients.kubernetes.reviews import may
from panda_infra.clients.kubernetes.users import lasts_of
from panda_infra.clients.patience import answered
from panda_infra.cluster.handle import ClusterHandle, kubernetes_provider
from panda_infra.config.cluster import ExistingCluster, StackCluster
from panda_infra.config.messages import set_secret
from panda_infra.config.secrets import Secrets
from panda_infra.errors import Problem

__all__ = ["check_cluster", "check_lent", "ends_soon", "existing_cluster", "lets_in", "target_of"]

_PATIENCE = 3.0  # seconds for each step of a connection to the API server
_LET_IN_WITHIN = 10.0  # seconds for all addresses of the API server's name
_PLUGIN_WITHIN = 60.0  # seconds if the kubeconfig has a plug-in
_SECRET = "kubeconfig"  # noqa: S105 - the key, not the value


def target_of(stack: str, cluster: ExistingCluster, secrets: Secrets) -> Target:
    """Read the kubeconfig from the encrypted configuration, else from the file.

    Raises:
        KubeconfigError: it is missing or not usable.
    """
    if secrets.kubeconfig is not None:
        name = f"secrets.{_SECRET}"
        renew = f"Store a new one: `{set_secret(stack, _SECRET)} --file PATH`."
        return Source(name, renew).target(secrets.kubeconfig.get_secret_value(), cluster.context)
    named = cluster.kubeconfig or ""
    return choose(read(named), cluster.context, Source.of_file(named))


def existing_cluster(stack: str, cluster: ExistingCluster, secrets: Secrets) -> ClusterHandle:
    """The handle of an existing cluster that passed ``check_cluster``."""
    # The stack's name is the identifier: a cluster's address and certificates may change under running services.
    provider = kubernetes_provider(
        kubeconfig=target_of(stack, cluster, secrets).text(),
        identifier=f"{pulumi.get_project()}/{stack}",
    )
    return ClusterHandle(provider)


def check_cluster(stack: str, cluster: ExistingCluster, secrets: Secrets) -> list[Problem]:
    """Check the access to the cluster within seconds; returns at most one problem."""
    where = f"secrets.{_SECRET}" if secrets.kubeconfig is not None else "cluster.kubeconfig"
    try:
        lets_in(target_of(stack, cluster, secrets))
    except (KubeconfigError, KubernetesError) as error:
        return [Problem(where, error.what, error.fix or "Try again, or ask who runs the cluster.")]
    return []


def check_lent(cluster: StackCluster, kubeconfig: str) -> list[Problem]:
    """The same for the cluster of another stack, by the ``kubeconfig`` in its state, which is empty if it has none."""
    where = "cluster.stack"
    if not kubeconfig:
        what = f"{cluster.stack} has no cluster of Magnum's in its state"
        fix = (
            f"Add `panda-infra:developers: {{days: 14}}` to Pulumi.{cluster.stack}.yaml, then run `pulumi up --stack "
            f"{cluster.stack}`."
        )
        return [Problem(where, what, fix)]
    try:
        lets_in(STATE.target(kubeconfig))
    except (KubeconfigError, KubernetesError) as error:
        return [
            Problem(
                where, error.what, f"Run `pulumi up --stack {cluster.stack}`, which renews the credential."
            )
        ]
    return []


def ends_soon(stack: str, cluster: ExistingCluster, secrets: Secrets) -> list[Problem]:
    """The near end of the stack's own kubeconfig as a problem; kubeconfigs in files are renewed by their owners."""
    if secrets.kubeconfig is None:
        return []
    now, found = datetime.now(UTC), lasts_of(secrets.kubeconfig.get_secret_value(), cluster.context)
    if found is None or not found.ends_soon(now):
        return []
    fix = f"Renew it, then run `{set_secret(stack, _SECRET)} --file PATH`."
    return [Problem(f"secrets.{_SECRET}", found.described(now), fix)]


def lets_in(target: Target) -> None:
    """Check that the API server answers and accepts the user.

    Raises:
        KubeconfigError: the kubeconfig cannot be used.
        KubernetesError: it does not; the type distinguishes the failures.
    """
    client = KubernetesClient(target, patience=_PATIENCE, retries=False)
    within = _PLUGIN_WITHIN if target.user.get("exec") else _LET_IN_WITHIN
    try:
        # Whatever the answer says: one comes only to a user who is let in.
        answered(lambda: may(client, resource="namespaces", verb="list"), within=within)
    except TimeoutError:
        what = f"the API server {target.server} does not answer within {within:.0f} s"
        raise KubernetesUnreachableError(
            what, "Check the address in the kubeconfig, and the network or VPN."
        ) from None
