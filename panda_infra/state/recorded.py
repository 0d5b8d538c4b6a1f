"""What the engine's state says of a stack, as the last run left it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from panda_infra.plan.data import KEEPER, Deployed
from panda_infra.plan.protection import CLUSTER, RELEASE, is_protected

__all__ = ["Recorded", "recorded"]

_KEYPAIR = "openstack:compute/keypair:Keypair"
_KUBERNETES, _ACCESS = "kubernetes:", "panda-magnum:index:ClusterAccess"


@dataclass(frozen=True)
class Recorded:
    """The releases of a stack by their components, and the uid of each other object by kind, namespace and name.

    An object's uid is empty where the state does not know it. ``protected`` is whether data was protected.
    ``kubeconfig`` is the credential for a cluster of Magnum, secret, empty where there is none yet; ``clusters`` are
    the ids of such clusters, ``described`` what Magnum was asked for, and ``public_key`` that of the keypair that the
    stack made for them.
    """

    releases: Mapping[str, Deployed] = field(default_factory=dict)
    objects: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    protected: bool = False
    kubeconfig: str = field(default="", repr=False)
    clusters: frozenset[str] = frozenset()
    described: Mapping[str, Any] = field(default_factory=dict)
    public_key: str | None = None

    def has_release(self, namespace: str, name: str) -> bool:
        """Whether the stack made a release."""
        return any((known.namespace, known.name) == (namespace, name) for known in self.releases.values())

    def made_namespace(self, name: str) -> bool:
        """Whether the stack made a namespace, which goes with it."""
        return ("Namespace", "", name) in self.objects

    @property
    def namespaces(self) -> frozenset[str]:
        """Every namespace that the stack has anything in."""
        own = {name for kind, _, name in self.objects if kind == "Namespace"}
        return frozenset(own | {known.namespace for known in self.releases.values()})


def recorded(resources: Iterable[tuple[str, Mapping[str, Any]]]) -> Recorded:
    """What a state says, from the URN and the outputs of each of its resources."""
    releases: dict[str, Deployed] = {}
    objects: dict[tuple[str, str, str], str] = {}
    clusters: set[str] = set()
    described: Mapping[str, Any] = {}
    protected, kubeconfig, public_key = False, "", None
    for urn, outputs in resources:
        kind, name = urn.split("::")[2].rpartition("$")[2], urn.split("::", 3)[3]
        if kind == RELEASE:
            releases[name] = _deployed(outputs)
        elif kind.startswith(_KUBERNETES):
            metadata: Mapping[str, Any] = outputs.get("metadata") or {}
            place = (kind.rpartition(":")[2], metadata.get("namespace") or "", metadata.get("name") or "")
            objects[place] = metadata.get("uid") or ""
        elif kind == _ACCESS and isinstance(given := outputs.get("kubeconfig"), str):
            kubeconfig = given
        elif kind == CLUSTER:
            clusters.add(outputs["clusterId"])
            described = outputs
        elif kind == _KEYPAIR:
            public_key = outputs["publicKey"]
        protected = protected or is_protected(kind, outputs)
    return Recorded(releases, objects, protected, kubeconfig, frozenset(clusters), described, public_key)


def _deployed(outputs: Mapping[str, Any]) -> Deployed:
    return Deployed(
        outputs["name"],
        outputs.get("values") or {},
        outputs.get("postrender") == KEEPER,
        outputs.get("namespace") or "",
        outputs.get("version") or "",
    )
