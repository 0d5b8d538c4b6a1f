"""``python -m bench.node_recovery [RUNS]``: seconds from the death of a machine until its pod runs elsewhere.

A stack on the bed deploys node recovery; its own program, with its own rights, works against the real controllers of
Kubernetes. The pod has an attached volume, so that it is back only when that has moved too.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from testbed import charts, instances, mortal, stacks, waiting
from testbed.bed import Bed
from tests.support.lost_nodes import attaching, replicas, seconds_until_back
from tests.support.node_recovery import out_of_service, pods, running

RUNS = 10
GOAL = 90.0  # seconds, of which Kubernetes takes 50 to call a silent node unreachable
_NAMESPACE = "recovered"
_LIMIT = 150.0


def measure(runs: int) -> list[float]:
    """The seconds of each run, on a bed of its own."""
    with instances.running("bench-node-recovery", nodes=3, charts=charts.chosen(None)) as bed:
        stack = stacks.local(
            bed,
            bed.state / "stacks" / _NAMESPACE,
            {
                "panda-infra:namespace": _NAMESPACE,
                "panda-infra:components": {"msgsvc": {}},
                "panda-infra:hosts": {},
                "panda-infra:nodeRecovery": {"confirm": "none"},
            },
        )
        done = stack.up()
        if done.code:
            raise SystemExit(done.text)
        with attaching(bed):
            return _measured(bed, runs)


def _measured(bed: Bed, runs: int) -> list[float]:
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        mortal.machines(bed, 3) as machines,
        running(bed, _NAMESPACE, Path(folder), pods(bed, _NAMESPACE)[0]["metadata"]["name"]),
        replicas(bed, _NAMESPACE, machines, "data") as (replica,),
    ):
        for run in range(runs):
            dead = next(machine for machine in machines if machine.node == replica.node)
            found.append(seconds_until_back(replica, dead, _LIMIT))
            print(f"run {run + 1:2}: {found[-1]:5.1f} s", flush=True)
            dead.start()
            waiting.until(lambda: not out_of_service(bed), "the node being back", 60)
    return found


def main(runs: int = RUNS) -> None:
    """Print each run, the median and the maximum; fail if the goal is missed."""
    found = measure(runs)
    median, most = statistics.median(found), max(found)
    print(f"{len(found)} runs: median {median:.1f} s, maximum {most:.1f} s")
    if most > GOAL:
        raise SystemExit(f"the maximum is more than {GOAL:g} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
