"""A cluster that somebody else made, reached through a kubeconfig."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import pulumi
import yaml

from panda_infra.cluster.api_access import Target, answer, connect, target
from panda_infra.cluster.handle import ClusterHandle, kubernetes_provider
from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.secrets import Secrets
from panda_infra.errors import Problem
from panda_infra.patience import answered

__all__ = ["check_cluster", "existing_cluster", "kubeconfig_text"]

_REACHED_WITHIN = 5.0  # seconds, however many addresses the API server's name has
_LET_IN_WITHIN = 30.0  # seconds, which only a kubeconfig's plug-in may need
_HOW = "give the path of a kubeconfig file that `kubectl --kubeconfig PATH get nodes` accepts"


def kubeconfig_text(cluster: ExistingCluster, secrets: Secrets) -> str:
    """The kubeconfig from the encrypted configuration, else from the file.

    Raises:
        OSError: when there is neither.
    """
    if secrets.kubeconfig is not None:
        return secrets.kubeconfig.get_secret_value()
    if cluster.kubeconfig is None:
        raise FileNotFoundError
    return Path(cluster.kubeconfig).expanduser().read_text()


def existing_cluster(stack: str, cluster: ExistingCluster, secrets: Secrets) -> ClusterHandle:
    """The way into an existing cluster that passed ``check_cluster``."""
    # The stack's name identifies the cluster: addresses and certificates may change under running services.
    provider = kubernetes_provider(
        kubeconfig=kubeconfig_text(cluster, secrets),
        context=cluster.context,
        identifier=f"{pulumi.get_project()}/{stack}",
    )
    return ClusterHandle(provider)


def check_cluster(cluster: ExistingCluster, secrets: Secrets) -> list[Problem]:
    """What stands in the way of talking to the cluster: at most one problem, found within seconds."""
    try:
        text = kubeconfig_text(cluster, secrets)
    except OSError:
        return [Problem("cluster.kubeconfig", f"no readable file at {cluster.kubeconfig!r}", _HOW)]
    try:
        found = target(yaml.load(text, yaml.CSafeLoader), cluster.context)
        where = f"{found.address.hostname}:{found.port}"
    except (yaml.YAMLError, LookupError, TypeError, ValueError):
        wanted = f"context {cluster.context!r}" if cluster.context else "current context with a server"
        return [Problem("cluster.kubeconfig", f"not a kubeconfig with a {wanted}", _HOW)]
    try:
        # A plain connection first: it ends in seconds where a client may try for minutes.
        answered(lambda: connect(found), within=_REACHED_WITHIN).close()
    except OSError as error:
        what = f"the API server {where} cannot be reached ({error.strerror or 'no answer'})"
        fix = "check the address in the kubeconfig, the network or VPN, and that the API server runs"
        return [Problem("cluster.kubeconfig", what, fix)]
    return _check_access(found, text, cluster.context)


def _check_access(found: Target, text: str, context: str | None) -> list[Problem]:
    server = found.cluster["server"]
    try:
        status, words = answered(lambda: answer(found, text, context), within=_LET_IN_WITHIN)
    except Exception as error:  # noqa: BLE001 - TLS, plug-ins: anything may come
        what = f"no way into {server} with this kubeconfig ({type(error).__name__})"
        return [Problem("cluster.kubeconfig", what, _HOW)]
    if status >= HTTPStatus.BAD_REQUEST:
        what = f"the API server {server} refuses these credentials ({status} {words})"
        return [Problem("cluster.kubeconfig", what, "renew the kubeconfig's credentials")]
    return []
