"""Rules over the properties of single resources that the engine is about to make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from panda_infra.plan.data import KEEPER, owned_data
from panda_infra.plan.protection import APPLICATION, CLUSTER, KEEP, NAMESPACE, PROTECTION, RELEASE
from panda_infra.products.registry import COMPONENTS
from panda_infra.rules.texts import latest_images, plain_secrets

__all__ = [
    "POLICIES",
    "Policy",
    "Resource",
    "Stack",
    "stack_of",
]

_VOLUME = "kubernetes:core/v1:PersistentVolume"
_DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
_ALWAYS_DATA = frozenset(
    {CLUSTER, NAMESPACE, _DEFINITION, _VOLUME, "kubernetes:core/v1:PersistentVolumeClaim"}
)
_CLUSTER_SCOPED = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "Namespace",
        "PersistentVolume",
        "StorageClass",
        # The admission policy of a developer's stack applies to its namespace only.
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
)
# The namespace with the heartbeats of nodes: node recovery may list these, and no other Leases of the cluster.
_HEARTBEATS = frozenset({("Role", "kube-node-lease"), ("RoleBinding", "kube-node-lease")})


@dataclass(frozen=True)
class Stack:
    """Facts about the stack for the rules: whether its data is protected, and the components exempt from that.

    ``adopted`` are the components that run unchanged as they were found, ``argocd`` is the namespace of the Argo CD
    that the stack installs, if any.
    """

    namespace: str
    protect: bool = True
    delete_data_of: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    argocd: str = ""


@dataclass(frozen=True)
class Resource:
    """A resource of a ``stack``.

    ``protect`` is Pulumi's option, ``provider`` the name of the provider that makes it.
    """

    type: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    provider: str = ""
    stack: Stack = Stack("")

    @property
    def kind(self) -> str:
        """The last part of the type: the kind of a Kubernetes object."""
        return self.type.rpartition(":")[2]

    @property
    def values(self) -> Mapping[str, Any]:
        """The chart values of a release or an Application; empty for other resources."""
        if self.type == APPLICATION:
            source = (self.properties.get("spec") or {}).get("source") or {}
            return (source.get("helm") or {}).get("valuesObject") or {}
        return self.properties.get("values") or {} if self.type == RELEASE else {}

    @property
    def keeps_claims(self) -> bool:
        """True if the claims of a release or an Application outlive it."""
        if self.type == APPLICATION:
            metadata = self.properties.get("metadata") or {}
            return KEEP in (metadata.get("annotations") or {}) and not metadata.get("finalizers")
        return self.properties.get("postrender") == KEEPER


def stack_of(resources: Iterable[Resource]) -> Stack:
    """The facts about a stack, from the marks among its resources; without marks it is protected."""
    for resource in resources:
        if resource.type == PROTECTION:
            marks = resource.properties
            return Stack(
                marks.get("namespace") or "",
                marks.get("protected") is not False,
                tuple(marks.get("deleteDataOf") or ()),
                tuple(marks.get("adopted") or ()),
                marks.get("argocd") or "",
            )
    return Stack("")


@dataclass(frozen=True)
class Policy:
    """A rule of the pack, made of the function that finds its ``violations``, a sentence for each."""

    violations: Callable[[Resource], Iterator[str]]

    @property
    def name(self) -> str:
        """As the engine shows it, e.g. ``data-is-protected``."""
        return self.violations.__name__.replace("_", "-")

    @property
    def description(self) -> str:
        """The description of a rule, for readers of the pack."""
        return str(self.violations.__doc__)


@Policy
def data_is_protected(resource: Resource) -> Iterator[str]:
    """Data of a protected stack cannot be deleted by accident."""
    stack = resource.stack
    if not stack.protect:
        return
    if resource.type in _ALWAYS_DATA and not resource.protect:
        yield "holds data of a protected stack without Pulumi's protect"
    if resource.type not in (RELEASE, APPLICATION) or resource.name not in COMPONENTS:
        return
    owned = owned_data(resource.name, resource.values) if resource.name not in stack.delete_data_of else ()
    if owned and not resource.keeps_claims:
        how = f"its post-renderer is not {KEEPER}"
        if resource.type == APPLICATION:
            how = f"it needs the annotation {KEEP} and no finalizer"
        yield f"deletes {', '.join(owned)} of a protected stack when it goes: {how}"


@Policy
def volumes_are_retained(resource: Resource) -> Iterator[str]:
    """Volumes of a protected stack outlive their claims."""
    if resource.stack.protect and resource.type == _VOLUME:
        policy = (resource.properties.get("spec") or {}).get("persistentVolumeReclaimPolicy")
        if policy != "Retain":
            yield f"its data goes with its claim (reclaim policy {policy or 'Delete'}); a protected stack retains it"


@Policy
def images_are_pinned(resource: Resource) -> Iterator[str]:
    """A protected stack names the versions of its images."""
    if resource.stack.protect and resource.name not in resource.stack.adopted:
        for path in latest_images(resource.values):
            yield f"{path} is `latest`, which changes its content without notice"


@Policy
def no_secret_in_values(resource: Resource) -> Iterator[str]:
    """Secret values stay in Secrets, never in chart values."""
    for path in plain_secrets(resource.values):
        yield f"{path} looks like a secret; Helm would store it in its release record"


# Helm's provider looks an absent version up and fills it in before the engine asks, unless an input is not yet known:
# in the preview of a cluster that is still to be made.
@Policy
def charts_are_pinned(resource: Resource) -> Iterator[str]:
    """Charts of a registry are named with their version."""
    chart = str(resource.properties.get("chart", ""))
    if resource.type == RELEASE and chart.startswith("oci://") and not resource.properties.get("version"):
        yield f"{chart} is named without a version"
    source = (
        (resource.properties.get("spec") or {}).get("source") or {} if resource.type == APPLICATION else {}
    )
    if source.get("chart") and not re.match(r"\d", source.get("targetRevision") or ""):
        yield f"{source['chart']} is named without a version"


@Policy
def inside_the_namespace(resource: Resource) -> Iterator[str]:
    """A stack keeps to its own namespace, and to that of its Argo CD."""
    kubernetes = resource.type.startswith("kubernetes:")
    if _is_beside_argo_cd(resource):
        return
    # A patch changes an object of somebody else, in any namespace.
    if not kubernetes or resource.kind in _CLUSTER_SCOPED or resource.kind.endswith("Patch"):
        return
    properties = resource.properties
    if resource.type == RELEASE:
        where = properties.get("namespace")
    elif resource.kind == "Application":
        where = ((properties.get("spec") or {}).get("destination") or {}).get("namespace")
    else:
        where = (properties.get("metadata") or {}).get("namespace")
    beside = (resource.kind, where) in _HEARTBEATS or (where and where == resource.stack.argocd)
    if where != resource.stack.namespace and not beside:
        yield f"belongs into namespace {resource.stack.namespace}, not {where or 'default'}"


def _is_beside_argo_cd(resource: Resource) -> bool:
    """True for what an Application needs beside it, in Argo CD's namespace."""
    labels = (resource.properties.get("metadata") or {}).get("labels") or {}
    is_repository = labels.get("argocd.argoproj.io/secret-type") == "repository"
    return resource.kind in ("AppProject", "ImageUpdater") or (resource.kind == "Secret" and is_repository)


@Policy
def own_provider(resource: Resource) -> Iterator[str]:
    """Objects go to the cluster that the stack names."""
    if resource.type.startswith("kubernetes:") and resource.provider.startswith("default"):
        yield "would go to whatever cluster the operator's own kubeconfig names: give it the stack's provider"


POLICIES = tuple(each for each in tuple(globals().values()) if isinstance(each, Policy))
