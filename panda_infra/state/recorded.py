"""The facts of a stack in the engine's state after the last run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from panda_infra.plan.data import KEEPER, Deployed
from panda_infra.plan.protection import APPLICATION, ARGOCD, CLUSTER, KEEP, RELEASE, is_protected
from panda_infra.plan.standby import Role, role_in
from panda_infra.state.urns import read_urn

__all__ = ["Recorded", "recorded"]

_KEYPAIR = "openstack:compute/keypair:Keypair"
_KUBERNETES, _ACCESS = "kubernetes:", "panda-magnum:index:ClusterAccess"


@dataclass(frozen=True)
class Recorded:
    """The releases of a stack by component, and the uid of each other object by kind, namespace and name.

    An object's uid is empty if the state does not have it. ``protected`` is true if data was protected.
    ``kubeconfig`` is the secret credential for a Magnum cluster, empty if there is none yet; ``clusters`` are
    the ids of such clusters, ``described`` are the inputs of the cluster, and ``public_key`` is that of the keypair
    which the stack made for it. ``argocd`` is the namespace of the Argo CD that the stack made. ``role`` is what the
    stack was last in a pair, None outside of one. ``images`` are those of the pods of each other object, by kind,
    namespace and name.
    """

    releases: Mapping[str, Deployed] = field(default_factory=dict)
    objects: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    protected: bool = False
    kubeconfig: str = field(default="", repr=False)
    clusters: frozenset[str] = frozenset()
    described: Mapping[str, Any] = field(default_factory=dict)
    public_key: str | None = None
    argocd: str = ""
    role: Role | None = None
    images: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)

    def has_release(self, namespace: str, name: str) -> bool:
        """True if the stack made the release."""
        return any((known.namespace, known.name) == (namespace, name) for known in self.releases.values())

    def made_namespace(self, name: str) -> bool:
        """True if the stack made the namespace, which is deleted with the stack."""
        return ("Namespace", "", name) in self.objects

    @property
    def namespaces(self) -> frozenset[str]:
        """Every namespace with components of the stack."""
        own = {name for kind, _, name in self.objects if kind == "Namespace" and name != self.argocd}
        return frozenset(own | {known.namespace for known in self.releases.values()})


def recorded(resources: Iterable[tuple[str, Mapping[str, Any]]]) -> Recorded:
    """Collect the facts from the URN and the outputs of each resource."""
    releases: dict[str, Deployed] = {}
    objects: dict[tuple[str, str, str], str] = {}
    images: dict[tuple[str, str, str], tuple[str, ...]] = {}
    clusters: set[str] = set()
    described: Mapping[str, Any] = {}
    protected, kubeconfig, public_key, argocd = False, "", None, ""
    role: Role | None = None
    for urn, outputs in resources:
        parts = read_urn(urn)
        kind, name = parts.type, parts.name
        if kind == RELEASE:
            releases.setdefault(name, _deployed(outputs))
        elif kind == APPLICATION:
            releases[name] = _applied(outputs)
        elif kind.startswith(_KUBERNETES):
            metadata: Mapping[str, Any] = outputs.get("metadata") or {}
            place = (kind.rpartition(":")[2], metadata.get("namespace") or "", metadata.get("name") or "")
            objects[place] = metadata.get("uid") or ""
            role = role or role_in(outputs)
            if found := tuple(dict.fromkeys(_images(outputs.get("spec")))):
                images[place] = found
            if place[0] == "Namespace" and ARGOCD in urn:
                argocd = place[2]
        elif kind == _ACCESS and isinstance(given := outputs.get("kubeconfig"), str):
            kubeconfig = given
        elif kind == CLUSTER:
            clusters.add(outputs["clusterId"])
            described = outputs
        elif kind == _KEYPAIR:
            public_key = outputs["publicKey"]
        protected = protected or is_protected(kind, outputs)
    return Recorded(
        releases,
        objects,
        protected,
        kubeconfig,
        frozenset(clusters),
        described,
        public_key,
        argocd,
        role,
        images,
    )


def _images(value: Any) -> Iterator[str]:
    """The image of each container in the description of pods, however deep that lies, or of an operator's database."""
    if isinstance(value, list):
        for each in value:
            yield from _images(each)
    elif isinstance(value, Mapping):
        for key, below in value.items():
            if key in ("image", "imageName") and isinstance(below, str):
                yield below
            else:
                yield from _images(below)


def _deployed(outputs: Mapping[str, Any]) -> Deployed:
    return Deployed(
        outputs["name"],
        outputs.get("values") or {},
        outputs.get("postrender") == KEEPER,
        outputs.get("namespace") or "",
        outputs.get("version") or "",
    )


def _applied(outputs: Mapping[str, Any]) -> Deployed:
    """The release that an Application deploys."""
    metadata, spec = outputs["metadata"], outputs["spec"]
    source = spec.get("source") or {}
    helm = source.get("helm") or {}
    return Deployed(
        helm.get("releaseName") or metadata["name"],
        helm.get("valuesObject") or {},
        KEEP in (metadata.get("annotations") or {}),
        (spec.get("destination") or {}).get("namespace") or "",
        # The charts of a repository have no version in it.
        source.get("targetRevision") or "" if source.get("chart") else "",
        argocd=True,
    )
