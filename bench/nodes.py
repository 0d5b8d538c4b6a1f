"""``python -m bench.nodes``: measures node labels and LanDB aliases on clusters of 4, 40 and 400 workers.

The provider uses a cloud over HTTP that answers each request after a fixed delay. Results are the number of calls
per node, and whether the time grows faster than the number of nodes.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.openstack.api import ClusterInfo
from panda_infra.clients.openstack.sdk import SdkOpenStack
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.kube_api import ClusterKubernetes, Kubernetes
from panda_infra.provider.landb_aliases import LandbAliasesInputs, LandbAliasesResource
from panda_infra.provider.node_labels import NodeLabelsInputs, NodeLabelsResource
from panda_infra.provider.resource import Operation
from tests.support.http_cloud import CLUSTER, HttpCloud, running

SIZES = (4, 40, 400)
LATENCY = 0.02  # seconds per request, typical of a near-by cloud's API
ALIASES = (
    "panda-doma",
    "panda-doma-big",
    "bigmon-doma",
    "idds-doma",
    "iam-doma",
    "ui-doma",
    "mq-doma",
    "argo-doma",
)
CALLS_PER_NODE = 2


class _Silent:
    def status(self, text: str) -> None:
        """Ignore the text."""

    def warn(self, text: str) -> None:
        """Ignore the warning."""


@dataclass(frozen=True)
class Figures:
    """One resource at one size: calls that change a node, list calls and seconds; first run and unchanged one."""

    writes: int
    listings: int
    seconds: float
    unchanged_writes: int
    unchanged_seconds: float


def measure(workers: int) -> dict[str, Figures]:
    """Label and alias a cluster, then repeat it without a change."""
    with running(workers, latency=LATENCY) as http, tempfile.TemporaryDirectory() as folder:
        os.environ["OS_CLIENT_CONFIG_FILE"] = str(http.clouds_file(Path(folder)))
        cloud = _ReadyCloud(http)
        cloud.cluster(CLUSTER)  # the token and the services' versions are fetched once per process
        labels = NodeLabelsResource(cloud, "")
        aliases = LandbAliasesResource(cloud, "")
        wanted = NodeLabelsInputs(cluster_id=CLUSTER, labels={"role": "ingress"}, workers=workers)
        shared = LandbAliasesInputs(cluster_id=CLUSTER, aliases=ALIASES, workers=workers)
        return {"labels": _timed(http, labels, wanted), "aliases": _timed(http, aliases, shared)}


class _ReadyCloud(Cloud):
    """A cloud whose cluster needs no certificate."""

    def __init__(self, http: HttpCloud) -> None:
        super().__init__(lambda: SdkOpenStack("http"))
        self._kubernetes = ClusterKubernetes(KubernetesClient(http.target()))

    @override
    def kubernetes(self, cluster: ClusterInfo) -> Kubernetes:
        return self._kubernetes


def _timed(
    http: HttpCloud,
    resource: NodeLabelsResource | LandbAliasesResource,
    inputs: NodeLabelsInputs | LandbAliasesInputs,
) -> Figures:
    def run() -> tuple[int, int, float]:
        http.calls.clear()
        began = time.monotonic()
        operation = Operation(_Silent(), timeout=600)
        resource.create(resource.check(None, inputs, operation), operation)  # type: ignore[arg-type]
        seconds = time.monotonic() - began
        writes = sum(call.method != "GET" for call in http.calls)
        return writes, len(http.calls) - writes, seconds

    writes, listings, seconds = run()
    unchanged_writes, _, unchanged = run()
    return Figures(writes, listings, seconds, unchanged_writes, unchanged)


def main() -> None:
    """Print the table, and fail if a goal is missed."""
    measured = {workers: measure(workers) for workers in SIZES}
    missed = []
    print(f"{'':8} {'nodes':>5} {'calls/node':>10} {'listings':>8} {'seconds':>8} {'unchanged':>9}")
    for kind in ("labels", "aliases"):
        for workers, figures in ((workers, found[kind]) for workers, found in measured.items()):
            per_node = figures.writes / workers
            print(
                f"{kind:8} {workers:5} {per_node:10.2f} {figures.listings:8} {figures.seconds:8.2f} "
                f"{figures.unchanged_seconds:9.2f}"
            )
            if per_node > CALLS_PER_NODE or figures.unchanged_writes:
                missed.append(
                    f"{kind}: {per_node} calls per node, {figures.unchanged_writes} without a change"
                )
        small, large = (measured[workers][kind] for workers in SIZES[1:])
        growth, nodes = large.seconds / small.seconds, SIZES[2] / SIZES[1]
        print(f"{kind}: {nodes:.0f} times the nodes take {growth:.1f} times as long")
        if growth > nodes:
            missed.append(f"{kind}: the time grows faster than the nodes")
    if missed:
        raise SystemExit("\n".join(missed))


if __name__ == "__main__":
    main()
