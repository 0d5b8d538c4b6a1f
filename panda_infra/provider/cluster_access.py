"""Access to a Magnum cluster that is ready for use."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.kubeconfig import STATE
from panda_infra.clients.openstack.api import ClusterInfo
from panda_infra.config.base import Model
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.credentials import Kubeconfig, certificate_kubeconfig, token_kubeconfig
from panda_infra.provider.membership import worker_nodes
from panda_infra.provider.readiness import answering, ready
from panda_infra.provider.resource import Change, Found, Operation, Resource
from panda_infra.provider.wire import UNKNOWN

__all__ = ["ClusterAccessInputs", "ClusterAccessResource", "ClusterAccessState", "snippet_risk"]

# The workload in kube-system that CERN's Magnum makes.
_CONTROLLER = "cern-magnum-ingress-nginx-controller"
_VERSION = re.compile(r"/?(?:ingress-nginx|controller|nginx-ingress-controller)[^/:]*:v?(\d+)\.(\d+)")
_STRICT = (1, 12)  # from this version on, snippets must be allowed by a risk level


class ClusterAccessInputs(Model):
    """The conditions of a ready cluster, and the life of its credential."""

    cluster_id: str
    """Id of the Magnum cluster."""
    workers: Annotated[int, Field(ge=0)]
    """Number of workers that must have joined."""
    renew_days: Annotated[int, Field(ge=0)] = 30
    """Days before its end at which the certificate is renewed."""
    token_hours: Annotated[int | None, Field(ge=1)] = None
    """Life of a service account's token in hours; without it the credential is a certificate of Magnum's."""
    config_maps: tuple[str, ...] = ()
    """ConfigMaps (namespace/name) that the cluster's own add-ons must have made."""
    api_address: str = ""
    """URL of the Kubernetes API; the provider fills it in."""
    authority: str = ""
    """SHA-256 of the certificate of the cluster's CA; the provider fills it in."""
    snippet_risk: str = ""
    """The risk level that snippets need in the ingress controller's settings, or empty; the provider fills it in."""


class ClusterAccessState(ClusterAccessInputs):
    """The credential in use."""

    kubeconfig: str
    """Text of a kubeconfig."""
    expires: str
    """The end of the credential, ISO 8601."""


class ClusterAccessResource(Resource[ClusterAccessInputs, ClusterAccessState]):
    """A kubeconfig that is renewed in place, made when the cluster is complete with every worker."""

    name = "ClusterAccess"
    inputs = ClusterAccessInputs
    state = ClusterAccessState
    secrets = frozenset({"kubeconfig"})
    timeouts: ClassVar[Mapping[str, float]] = {"create": 3600, "update": 1800}

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    @override
    def check(
        self, old: ClusterAccessInputs | None, new: ClusterAccessInputs, operation: Operation
    ) -> ClusterAccessInputs:
        if new.cluster_id == UNKNOWN:
            unknown = ("api_address", "authority", "snippet_risk")
            return new.model_copy(update=dict.fromkeys(unknown, UNKNOWN))
        cluster = self._cloud.cluster(new.cluster_id)
        risk = self._snippet_risk(cluster, old.snippet_risk if old else "")
        return new.model_copy(update={**self._endpoint(cluster), "snippet_risk": risk})

    @override
    def diff(self, old: ClusterAccessState, new: ClusterAccessInputs) -> Mapping[str, Change]:
        credential = {"kubeconfig": Change()} if _stale(old, new) else {}
        return {**super().diff(old, new), **credential}

    @override
    def preview(self, old: ClusterAccessState | None, new: ClusterAccessInputs) -> ClusterAccessState:
        if old is None:
            return ClusterAccessState(**dict(new), kubeconfig=UNKNOWN, expires=UNKNOWN)
        # The rest of the preview needs access: by the old kubeconfig as long as it is valid for this cluster.
        serves = not _ends_within(old, timedelta(0)) and _leads_to(old.kubeconfig, new)
        kubeconfig = (
            old.kubeconfig if serves else self._cloud.kubeconfig(self._cloud.cluster(new.cluster_id)).text()
        )
        return ClusterAccessState(**(dict(old) | dict(new) | {"kubeconfig": kubeconfig}))

    @override
    def create(self, new: ClusterAccessInputs, operation: Operation) -> tuple[str, ClusterAccessState]:
        return new.cluster_id, self._issue(self._ready(new, operation), new, operation)

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
            state = self._issue(cluster, inputs, operation)
        else:
            risk = self._snippet_risk(cluster, old.snippet_risk)
            state = old.model_copy(update={**self._endpoint(cluster), "snippet_risk": risk})
        inputs = ClusterAccessInputs(
            **{name: getattr(state, name) for name in ClusterAccessInputs.model_fields}
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
        if (old.workers, old.config_maps) != (new.workers, new.config_maps):
            cluster = self._ready(new, operation)
        else:
            # A broken worker must not prevent the renewal of a credential.
            cluster = operation.wait(lambda: answering(self._cloud, new.cluster_id))
        live = new.model_copy(update=self._endpoint(cluster))
        if _stale(old, live):
            return self._issue(cluster, live, operation)
        return ClusterAccessState(**(dict(old) | dict(live)))

    @override
    def delete(self, resource_id: str, old: ClusterAccessState, operation: Operation) -> None:
        cluster = self._cloud.openstack.cluster(resource_id)
        if cluster is not None and old.token_hours is not None:
            self._cloud.kubernetes(cluster).revoke_admin()

    def _ready(self, wanted: ClusterAccessInputs, operation: Operation) -> ClusterInfo:
        return operation.wait(
            lambda: ready(self._cloud, wanted.cluster_id, wanted.workers, wanted.config_maps)
        )

    def _issue(
        self, cluster: ClusterInfo, inputs: ClusterAccessInputs, operation: Operation
    ) -> ClusterAccessState:
        openstack = self._cloud.openstack
        made: Kubeconfig
        if inputs.token_hours is None:
            made = certificate_kubeconfig(openstack, cluster)
        else:
            made = token_kubeconfig(openstack, cluster, self._cloud.kubernetes(cluster), inputs.token_hours)
        risk = self._snippet_risk(cluster, inputs.snippet_risk)
        filled = dict(inputs) | self._endpoint(cluster) | {"snippet_risk": risk}
        state = ClusterAccessState(**filled, kubeconfig=made.text(), expires=made.expires.isoformat())
        if _ends_within(state, _margin(inputs)):
            operation.progress.warn(
                f"the new credential ends on {made.expires:%Y-%m-%d %H:%M}, so soon that every `pulumi up` will renew "
                "it: lower `cluster.renewDays`"
            )
        return state

    def _snippet_risk(self, cluster: ClusterInfo, known: str) -> str:
        """See `snippet_risk`; returns ``known`` while the cluster does not answer."""
        if not cluster.api_address:
            return known
        try:
            return snippet_risk(self._cloud.kubernetes(cluster).images("kube-system", _CONTROLLER))
        except KubernetesError:
            return known

    def _endpoint(self, cluster: ClusterInfo) -> dict[str, str]:
        """The fields that identify the API server of a credential."""
        certificate = self._cloud.openstack.ca_certificate(cluster.id)
        return {
            "api_address": cluster.api_address,
            "authority": hashlib.sha256(certificate.encode()).hexdigest(),
        }


def _stale(old: ClusterAccessState, new: ClusterAccessInputs) -> bool:
    """True if the credential must be renewed: it ends soon, is of another kind, or the cluster has changed."""
    if (old.token_hours is None) != (new.token_hours is None):
        return True
    return _ends_within(old, _margin(new)) or not _leads_to(old.kubeconfig, new)


def _margin(inputs: ClusterAccessInputs) -> timedelta:
    """The time before its end at which a credential is renewed."""
    if inputs.token_hours is None:
        return timedelta(days=inputs.renew_days)
    # A token must outlive the run that uses it: it is renewed after half of its life.
    return timedelta(hours=inputs.token_hours / 2)


def _ends_within(state: ClusterAccessState, margin: timedelta) -> bool:
    return datetime.fromisoformat(state.expires) - datetime.now(UTC) < margin


def _leads_to(kubeconfig: str, wanted: ClusterAccessInputs) -> bool:
    server = STATE.target(kubeconfig).cluster
    authority = hashlib.sha256(base64.b64decode(server["certificate-authority-data"])).hexdigest()
    return (server["server"], authority) == (wanted.api_address, wanted.authority)


def snippet_risk(images: Iterable[str]) -> str:
    """The risk level that snippets need in the controller's settings; empty if its images need none."""
    versions = [(int(match[1]), int(match[2])) for image in images if (match := _VERSION.search(image))]
    return "Critical" if versions and max(versions) >= _STRICT else ""
