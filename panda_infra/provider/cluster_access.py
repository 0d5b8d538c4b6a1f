"""Access to a Magnum cluster that is ready for work."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

import yaml
from pydantic import Field
from typing_extensions import override

from panda_infra.config.base import Model
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.credentials import Kubeconfig, certificate_kubeconfig, token_kubeconfig
from panda_infra.provider.kube_api import Kubernetes, KubernetesError
from panda_infra.provider.membership import own_servers, server_prefix, worker_nodes
from panda_infra.provider.openstack_api import ClusterInfo
from panda_infra.provider.resource import Change, Found, Operation, Resource, ResourceError, changed_fields
from panda_infra.provider.values import UNKNOWN

__all__ = ["ClusterAccessInputs", "ClusterAccessResource", "ClusterAccessState"]


class ClusterAccessInputs(Model):
    """When a cluster is ready, and how long its credential lives."""

    cluster_id: str
    """Id of the Magnum cluster."""
    workers: Annotated[int, Field(ge=0)]
    """Number of workers that must have joined."""
    renew_days: Annotated[int, Field(ge=0)] = 30
    """Days before the end of the certificate from which on it is renewed."""
    token_hours: Annotated[int | None, Field(ge=1)] = None
    """Hours that a service account's token lives; without it the credential is a certificate of Magnum's."""
    config_maps: tuple[str, ...] = ()
    """ConfigMaps (namespace/name) that the cluster's own add-ons must have made."""


class ClusterAccessState(ClusterAccessInputs):
    """The credential in use."""

    api_address: str
    """URL of the Kubernetes API."""
    authority: str
    """SHA-256 of the certificate of the cluster's CA."""
    kubeconfig: str
    """Text of a kubeconfig."""
    expires: str
    """When the credential ends, ISO 8601."""


class ClusterAccessResource(Resource[ClusterAccessInputs, ClusterAccessState]):
    """Waits until a cluster is complete with every worker, then holds a kubeconfig that is renewed in place."""

    name = "ClusterAccess"
    inputs = ClusterAccessInputs
    state = ClusterAccessState
    secrets = frozenset({"kubeconfig"})
    timeouts: ClassVar[Mapping[str, float]] = {"create": 3600, "update": 1800}

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    @override
    def diff(self, old: ClusterAccessState, new: ClusterAccessInputs) -> Mapping[str, Change]:
        changes = {name: Change(replace=name == "clusterId") for name in changed_fields(old, new)}
        if _stale(old, new):
            changes["kubeconfig"] = Change()
        return changes

    @override
    def preview(self, old: ClusterAccessState | None, new: ClusterAccessInputs) -> ClusterAccessState:
        if old is None:
            return ClusterAccessState(
                **dict(new), api_address=UNKNOWN, authority=UNKNOWN, kubeconfig=UNKNOWN, expires=UNKNOWN
            )
        # The old credential serves until the new one is made, so that the rest of the preview can use it.
        return ClusterAccessState(**(dict(old) | dict(new)))

    @override
    def create(self, new: ClusterAccessInputs, operation: Operation) -> tuple[str, ClusterAccessState]:
        return new.cluster_id, self._issue(self._ready(new, operation), new)

    @override
    def read(
        self,
        resource_id: str,
        old: ClusterAccessState | None,
        operation: Operation,
    ) -> Found[ClusterAccessInputs, ClusterAccessState] | None:
        cluster = self._cloud.openstack.cluster(resource_id)
        if cluster is None:
            return None
        if old is None:
            workers = len(worker_nodes(self._cloud.kubernetes(cluster).nodes()))
            inputs = ClusterAccessInputs(cluster_id=resource_id, workers=workers)
            return Found(resource_id, self._issue(cluster, inputs), inputs)
        state = old.model_copy(
            update={"api_address": cluster.api_address, "authority": self._authority(cluster)}
        )
        inputs = ClusterAccessInputs(
            **{name: getattr(old, name) for name in ClusterAccessInputs.model_fields}
        )
        return Found(resource_id, state, inputs)

    @override
    def update(
        self,
        resource_id: str,
        old: ClusterAccessState,
        new: ClusterAccessInputs,
        operation: Operation,
    ) -> ClusterAccessState:
        # A worker that is down must not keep a credential from being renewed.
        grown = (old.workers, old.config_maps) != (new.workers, new.config_maps)
        cluster = self._ready(new, operation) if grown else self._cloud.cluster(new.cluster_id)
        live = old.model_copy(
            update={"api_address": cluster.api_address, "authority": self._authority(cluster)}
        )
        if _stale(live, new):
            return self._issue(cluster, new)
        return ClusterAccessState(**(dict(live) | dict(new)))

    @override
    def delete(self, resource_id: str, old: ClusterAccessState, operation: Operation) -> None:
        cluster = self._cloud.openstack.cluster(resource_id)
        if cluster is not None and old.token_hours is not None:
            self._cloud.kubernetes(cluster).revoke_admin()

    def _ready(self, wanted: ClusterAccessInputs, operation: Operation) -> ClusterInfo:
        return operation.wait(lambda: self._missing(wanted))

    def _missing(self, wanted: ClusterAccessInputs) -> ClusterInfo | str:
        """The cluster when it is ready, else what it lacks.

        Raises:
            ResourceError: it can never become ready by itself.
        """
        cluster = self._cloud.cluster(wanted.cluster_id)
        if cluster.failed:
            msg = f"Magnum cluster {cluster.name}: {cluster.status}: {cluster.why()}"
            raise ResourceError(msg)
        if not cluster.complete:
            return f"Magnum says {cluster.status}"
        if not cluster.api_address:
            return "Magnum tells no address of the Kubernetes API yet"
        return self._missing_servers(cluster) or self._missing_inside(cluster, wanted) or cluster

    def _missing_servers(self, cluster: ClusterInfo) -> str | None:
        servers = own_servers(cluster, self._cloud.openstack.servers(server_prefix(cluster.name)))
        broken = [
            f"{server.name} ({server.fault or 'no reason given'})"
            for server in servers
            if server.status == "ERROR"
        ]
        if broken:
            msg = f"Nova could not make {', '.join(sorted(broken))}: delete and resize, or rebuild these servers"
            raise ResourceError(msg)
        pending = sorted(server.name for server in servers if server.status != "ACTIVE")
        return f"servers are not ACTIVE yet: {', '.join(pending)}" if pending else None

    def _missing_inside(self, cluster: ClusterInfo, wanted: ClusterAccessInputs) -> str | None:
        try:
            kubernetes = self._cloud.kubernetes(cluster)
            return _missing_nodes(kubernetes, wanted.workers) or _missing_config_maps(
                kubernetes, wanted.config_maps
            )
        except KubernetesError as error:
            return f"the Kubernetes API does not answer yet: {error}"

    def _issue(self, cluster: ClusterInfo, inputs: ClusterAccessInputs) -> ClusterAccessState:
        openstack = self._cloud.openstack
        made: Kubeconfig
        if inputs.token_hours is None:
            made = certificate_kubeconfig(openstack, cluster)
        else:
            made = token_kubeconfig(openstack, cluster, self._cloud.kubernetes(cluster), inputs.token_hours)
        return ClusterAccessState(
            **dict(inputs),
            api_address=cluster.api_address,
            authority=self._authority(cluster),
            kubeconfig=made.text(),
            expires=made.expires.isoformat(),
        )

    def _authority(self, cluster: ClusterInfo) -> str:
        return hashlib.sha256(self._cloud.openstack.ca_certificate(cluster.id).encode()).hexdigest()


def _missing_nodes(kubernetes: Kubernetes, expected: int) -> str | None:
    nodes = worker_nodes(kubernetes.nodes())
    if len(nodes) < expected:
        return f"{len(nodes)} of {expected} workers have joined"
    waiting = [node.name for node in nodes if not node.ready]
    return (
        f"workers are not Ready yet: {', '.join(waiting)}" if len(nodes) - len(waiting) < expected else None
    )


def _missing_config_maps(kubernetes: Kubernetes, names: tuple[str, ...]) -> str | None:
    missing = [name for name in names if not kubernetes.config_map_exists(*name.split("/", 1))]
    return f"the cluster's add-ons have not made ConfigMap {', '.join(missing)} yet" if missing else None


def _stale(old: ClusterAccessState, new: ClusterAccessInputs) -> bool:
    """Whether the credential must be made anew: it ends soon, is of another kind, or the cluster has changed."""
    if (old.token_hours is None) != (new.token_hours is None):
        return True
    # A token must outlive the run that uses it: half of its life is kept in hand.
    margin = (
        timedelta(days=new.renew_days) if new.token_hours is None else timedelta(hours=new.token_hours / 2)
    )
    if datetime.fromisoformat(old.expires) - datetime.now(UTC) < margin:
        return True
    server = yaml.safe_load(old.kubeconfig)["clusters"][0]["cluster"]
    authority = hashlib.sha256(base64.b64decode(server["certificate-authority-data"])).hexdigest()
    return (server["server"], authority) != (old.api_address, old.authority)
