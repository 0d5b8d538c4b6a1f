"""How an instance is doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testbed import nodes, references
from testbed.api import Api, Object
from testbed.bed import Bed


@dataclass(frozen=True)
class Status:
    """A look at an instance."""

    bed: Bed
    dead: Sequence[str]
    """Parts whose process has ended; with any, nothing was asked of the API and the rest is empty."""
    nodes: Mapping[str, bool]
    """Each node, and whether it is ready."""
    pods: Mapping[str, int]
    """How many pods are in each condition, such as ``Running, ready``."""
    missing: Sequence[references.Missing]
    """References of pods that lead nowhere."""

    @property
    def is_healthy(self) -> bool:
        """Whether every process lives and every reference is resolved."""
        return not self.dead and not self.missing


def of(bed: Bed) -> Status:
    """Looks at ``bed``."""
    if dead := bed.dead():
        return Status(bed, dead, {}, {}, ())
    api = Api(bed.kubeconfig)
    return Status(
        bed=bed,
        dead=(),
        nodes={node["metadata"]["name"]: nodes.is_ready(node) for node in api.list("/api/v1/nodes")},
        pods=Counter(map(condition, api.list("/api/v1/pods"))),
        missing=references.check(bed),
    )


def condition(pod: Object) -> str:
    """A pod's phase and, while it matters, its readiness."""
    status = pod.get("status", {})
    phase: str = status.get("phase", "Unknown")
    if "deletionTimestamp" in pod["metadata"]:
        return f"{phase}, ending"
    if phase != "Running":
        return phase
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    return f"{phase}, {'ready' if ready else 'not ready'}"
