"""The status of an instance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testbed import nodes, references
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.real import nodes as real_nodes


@dataclass(frozen=True)
class Status:
    """The status of an instance at one time."""

    bed: Bed
    dead: Sequence[str]
    """Parts whose process has ended; if there are any, the rest is empty, because the API was not asked."""
    nodes: Mapping[str, bool]
    """Each node, with True if it is ready."""
    pods: Mapping[str, int]
    """The number of simulated pods in each condition, such as ``Running, ready``."""
    running: Mapping[str, str]
    """Each pod on a real node by namespace and name, and its condition."""
    missing: Sequence[references.Missing]
    """Broken references of pods."""

    @property
    def is_healthy(self) -> bool:
        """True if every process is alive and every reference is resolved."""
        return not self.dead and not self.missing


def of(bed: Bed) -> Status:
    """The status of ``bed``."""
    if dead := bed.dead():
        return Status(bed, dead, {}, {}, {}, ())
    api = Api(bed.kubeconfig)
    pods = api.list("/api/v1/pods")
    real = real_nodes.names(bed) if bed.has_real_nodes else []
    running = [pod for pod in pods if pod["spec"].get("nodeName") in real]
    return Status(
        bed=bed,
        dead=(),
        nodes={node["metadata"]["name"]: nodes.is_ready(node) for node in api.list("/api/v1/nodes")},
        pods=Counter(condition(pod) for pod in pods if pod not in running),
        running={
            f"{pod['metadata']['namespace']}/{pod['metadata']['name']}": condition(pod) for pod in running
        },
        missing=references.check(bed),
    )


def condition(pod: Object) -> str:
    """A pod's phase and, if it is running, its readiness."""
    status = pod.get("status", {})
    phase: str = status.get("phase", "Unknown")
    if "deletionTimestamp" in pod["metadata"]:
        return f"{phase}, ending"
    if phase != "Running":
        return phase
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    return f"{phase}, {'ready' if ready else 'not ready'}"
