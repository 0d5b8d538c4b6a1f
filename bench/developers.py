"""``python -m bench.developers``: measures `dev up` of ten developers on one cluster, one after another.

The API server itself counts the requests: those of the operator, and of the service accounts that install charts, go
through a flow schema of their own. The requests of one developer must not grow with the number of developers.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panda_infra.developers.names import name_of
from panda_infra.plan.developer import GUARD
from testbed import instances, stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.charts import chosen
from testbed.workspace import Workspace
from tests.support.rights import client_of, kubeconfig_of

DEVELOPERS = 10
COMPONENT = "iam"
"""A service with a host and a database of its own, which needs no value of a site."""
GROWTH = 1.25
"""The last developer may take so many times the requests of the first."""
_FLOW = "bench"
_COUNT = re.compile(
    rf'^apiserver_flowcontrol_dispatched_requests_total{{flow_schema="{_FLOW}".*}} (\S+)$', re.MULTILINE
)
_RULES = "/apis/rbac.authorization.k8s.io/v1"
_OPERATOR = "operator"


@dataclass(frozen=True)
class Figures:
    """A run of `dev up`: its seconds, and the requests to the API server."""

    seconds: float
    requests: int


def measure() -> tuple[list[Figures], list[Figures]]:
    """The first run for each developer, and then one for each without a change."""
    with instances.running("bench-developers", nodes=4, charts=chosen(None)) as bed:
        names = [f"developer-{number}" for number in range(DEVELOPERS)]
        _count_requests(bed, names)
        cluster = {"kind": "existing", "kubeconfig": str(kubeconfig_of(bed, _OPERATOR))}
        parent = stacks.local(bed, bed.state / "stacks" / "lender", {"panda-infra:cluster": cluster})
        fresh = [_run(bed, parent, name, "--component", COMPONENT) for name in names]
        return fresh, [_run(bed, parent, name) for name in names]


def _count_requests(bed: Bed, names: list[str]) -> None:
    api = Api(bed.kubeconfig)
    user = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": _OPERATOR}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    api.create(
        f"{_RULES}/clusterrolebindings",
        {"metadata": {"name": _OPERATOR}, "roleRef": role, "subjects": [user]},
    )
    subjects: list[dict[str, Any]] = [{"kind": "User", "user": {"name": _OPERATOR}}]
    for name in names:
        account = {"name": GUARD, "namespace": name_of(name).stack}
        subjects.append({"kind": "ServiceAccount", "serviceAccount": account})
    everything = {
        "verbs": ["*"],
        "apiGroups": ["*"],
        "resources": ["*"],
        "namespaces": ["*"],
        "clusterScope": True,
    }
    addresses = {"verbs": ["*"], "nonResourceURLs": ["*"]}
    rule = {"subjects": subjects, "resourceRules": [everything], "nonResourceRules": [addresses]}
    spec = {"priorityLevelConfiguration": {"name": "workload-high"}, "matchingPrecedence": 2, "rules": [rule]}
    api.create(
        "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas", {"metadata": {"name": _FLOW}, "spec": spec}
    )


def _requests(bed: Bed) -> int:
    """All counted requests so far."""
    text: str = client_of(bed).call("GET", "/metrics", accept="text/plain")
    return int(sum(float(count) for count in _COUNT.findall(text)))


def _run(bed: Bed, parent: Workspace, name: str, *options: str) -> Figures:
    before, began = _requests(bed), time.monotonic()
    command = [sys.executable, "-m", "panda_infra", "dev", "up", name, "--from", parent.stack, *options]
    environment = parent.environment() | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    done = subprocess.run(
        command, cwd=parent.folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return Figures(time.monotonic() - began, _requests(bed) - before)


def main() -> None:
    """Print the table, and fail if the requests of a developer grow with the number of others."""
    fresh, unchanged = measure()
    print(f"{'developers':>10} {'dev up':>8} {'requests':>8} {'again':>8} {'requests':>8}")
    for number, (first, again) in enumerate(zip(fresh, unchanged, strict=True), start=1):
        print(
            f"{number:10} {first.seconds:6.1f} s {first.requests:8} {again.seconds:6.1f} s {again.requests:8}"
        )
    growth = fresh[-1].requests / fresh[0].requests
    print(
        f"the last of {DEVELOPERS} takes {growth:.2f} times the requests of the first (goal: at most {GROWTH})"
    )
    if growth > GROWTH:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
