"""A cluster that somebody else made, reached through a kubeconfig."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pulumi
import yaml

from panda_infra.cluster.handle import ClusterHandle, kubernetes_provider
from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.secrets import Secrets
from panda_infra.errors import Problem

__all__ = ["check_cluster", "existing_cluster", "kubeconfig_text"]

_PATIENCE = 3.0  # seconds until an API server that does not answer counts as unreachable
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
        server = _server(yaml.safe_load(text), cluster.context)
    except (yaml.YAMLError, LookupError, TypeError):
        wanted = f"context {cluster.context!r}" if cluster.context else "current context with a server"
        return [Problem("cluster.kubeconfig", f"not a kubeconfig with a {wanted}", _HOW)]
    return _check_reachable(text, cluster.context, server)


def _server(kubeconfig: Any, context: str | None) -> str:
    name = context or kubeconfig["current-context"]
    chosen = next((c["context"] for c in kubeconfig["contexts"] if c["name"] == name), None)
    if chosen is None:
        raise LookupError(name)
    found = next((c["cluster"] for c in kubeconfig["clusters"] if c["name"] == chosen["cluster"]), None)
    if found is None:
        raise LookupError(name)
    return str(found["server"])


def _check_reachable(text: str, context: str | None, server: str) -> list[Problem]:
    address = urlsplit(server)
    try:
        # A plain connection first: it ends in seconds where the client library would try for minutes.
        with socket.create_connection((address.hostname or "", address.port or 443), timeout=_PATIENCE):
            pass
    except OSError as error:
        reason = error.strerror or "no answer"
        where = f"{address.hostname}:{address.port or 443}"
        fix = "check the address in the kubeconfig, the network or VPN, and that the API server runs"
        return [Problem("cluster.kubeconfig", f"the API server {where} cannot be reached ({reason})", fix)]
    return _check_access(text, context, server)


def _check_access(text: str, context: str | None, server: str) -> list[Problem]:
    from kubernetes import client, config  # noqa: PLC0415 - half a second that other errors need not wait for

    with tempfile.NamedTemporaryFile("w", suffix=".kubeconfig") as file:
        file.write(text)
        file.flush()
        try:
            settings = client.Configuration()
            settings.retries = False
            config.load_kube_config(file.name, context=context, client_configuration=settings)
            with client.ApiClient(settings) as api:
                client.AuthorizationV1Api(api).create_self_subject_access_review(
                    {"spec": {"resourceAttributes": {"resource": "namespaces", "verb": "list"}}},
                    _request_timeout=_PATIENCE,
                )
        except client.ApiException as error:
            what = f"the API server {server} refuses these credentials ({error.status} {error.reason})"
            return [Problem("cluster.kubeconfig", what, "renew the kubeconfig's credentials")]
        except Exception as error:  # noqa: BLE001 - TLS, exec plugins: the library raises anything
            what = f"no way into {server} with this kubeconfig ({type(error).__name__})"
            return [Problem("cluster.kubeconfig", what, _HOW)]
    return []
