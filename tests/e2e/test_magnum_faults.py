"""Every fault that a cloud has in store: silent recovery or a clear error, and the next update finishes.

The tests follow one stack through its life, in the order of the file; those of a cluster that failed at birth have
one each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testbed import waiting
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.faults import Answer
from tests.support import fast_yaml
from tests.support.magnum import Stack, make, numbered

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module")
def stack(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = make(cloud, tmp_path_factory.mktemp("stacks"), "panda-faults-k8s", workers=2)
    yield made
    made.run("destroy")


def test_a_magnum_that_makes_nothing_leaves_nothing(stack: Stack) -> None:
    answers = (Answer(500, count=3, method="POST", path="/clusters$"),)
    with stack.cloud.faults(answers=answers):
        assert "POST /clusters: HTTP 500" in stack.fails()
    assert not stack.clusters()


def test_the_first_up_survives_what_clouds_do(stack: Stack) -> None:
    """Magnum fails after it has made the cluster; then the 404 before it has its row, errors, rate limits, an
    expired token, and all that may come later than Magnum reports: address, nodes, add-ons."""
    began = time.time()
    answers = (
        Answer(500, method="POST", path="/clusters$", late=True),
        Answer(401, method="GET", path="/clusters/"),
        Answer(500, method="GET", path="/clusters/"),
        Answer(429, method="GET", path="/certificates/", retry_after=1),
        Answer(429, count=2, service="nova", method="POST", path="/metadata", retry_after=1),
        Answer(500, service="nova", method="POST", path="/metadata"),
    )
    late = {"create_seconds": 10, "address_seconds": 6, "join_seconds": 12, "addon_seconds": 45}
    with stack.cloud.faults(row_seconds=3, answers=answers, **late):
        shown = stack.up()
    for waited_for in (
        "Magnum reports CREATE_IN_PROGRESS",
        "Magnum reports no address",
        "0 of 2 workers have joined",
        "add-ons have not made ConfigMap kube-system/cern-magnum-ingress-nginx-controller yet",
    ):
        assert waited_for in shown
    assert sum(r.method == "POST" and r.path.endswith("/clusters") for r in stack.cloud.requests(began)) == 1
    assert len(stack.clusters()) == 1
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2)


def test_scaling_happens_in_place_however_slow_heat_is(stack: Stack) -> None:
    (before,) = stack.clusters()
    stack.describe(nodeCount=4)
    assert stack.changes() == dict.fromkeys(("cluster", "access", "node-labels", "landb-aliases"), "update")
    with stack.cloud.faults(heat_seconds=3, scale_seconds=4, join_seconds=5):
        stack.up()
    assert [cluster.id for cluster in stack.clusters()] == [before.id]
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2, node2=3, node3=4)
    assert stack.changes() == {}


def test_a_second_scaling_does_not_end_on_the_first_ones_status(stack: Stack) -> None:
    stack.describe(nodeCount=5)
    with stack.cloud.faults(heat_seconds=5):
        stack.up()
    assert len(stack.aliases()) == 6
    assert stack.changes() == {}


def test_a_server_in_error_is_named_and_the_next_up_finishes(stack: Stack) -> None:
    broken = stack.server("-node-2").name
    stack.cloud.fail_server(broken)
    stack.describe(nodeCount=6)
    assert broken in stack.fails()
    stack.cloud.repair_server(broken)
    stack.up()
    assert stack.changes() == {}
    assert len(stack.aliases()) == 7


def test_a_token_that_ends_meanwhile_is_named_and_the_next_up_finishes(stack: Stack, tmp_path: Path) -> None:
    """One that nobody can renew: there is no password beside it."""
    tenant = stack.cloud.connection()
    token, began = tenant.auth_token, time.time()
    stack.describe(nodeCount=7)
    # Magnum itself may trust for minutes what it has once looked up.
    answers = (Answer(401, count=99, method="GET", path="/clusters/.*/nodegroups"),)
    with stack.cloud.faults(scale_seconds=10), ThreadPoolExecutor() as pool:
        running = pool.submit(stack.fails, environment=by_token(stack, token, tmp_path))
        waiting.until(lambda: stack.written("POST", "/actions/resize", began) == 1, "the resize", seconds=120)
        tenant.identity.delete("/auth/tokens", headers={"X-Subject-Token": token})
        with stack.cloud.faults(scale_seconds=10, answers=answers):
            shown = running.result()
    assert "Keystone refuses the credentials" in shown
    stack.up()
    assert stack.written("POST", "/actions/resize", began) == 1
    assert len(stack.aliases()) == 8
    assert stack.changes() == {}


def by_token(stack: Stack, token: str, folder: Path) -> dict[str, str]:
    """The environment in which a token is all that clients have."""
    name = stack.cloud.environment()["OS_CLOUD"]
    entry = fast_yaml.load(stack.cloud.clouds_file.read_text())["clouds"][name]
    for key in ("username", "password", "user_domain_name"):
        entry["auth"].pop(key)
    entry["auth"]["token"] = token
    file = folder / "clouds.yaml"
    file.touch(mode=0o600)
    file.write_text(fast_yaml.dump({"clouds": {name: {**entry, "auth_type": "v3token"}}}))
    return {"OS_CLIENT_CONFIG_FILE": str(file)}


def test_destroying_leaves_nothing(stack: Stack) -> None:
    stack.destroy()


@pytest.fixture
def failed(cloud: OpenStackBed, tmp_path: Path) -> Iterator[Stack]:
    """A stack whose cluster failed at birth."""
    made = make(cloud, tmp_path, "panda-failed-k8s", workers=1)
    with cloud.faults(create_failed="Resource CREATE failed: no valid host"):
        assert "no valid host" in made.fails()
    yield made
    made.run("destroy")
    assert not made.clusters()


def test_the_next_up_makes_a_failed_cluster_anew(failed: Stack) -> None:
    (before,) = failed.clusters()
    assert before.status == "CREATE_FAILED"
    failed.up()
    (after,) = failed.clusters()
    assert after.status == "CREATE_COMPLETE"
    assert failed.changes() == {}


def test_one_destroy_removes_a_failed_cluster(failed: Stack) -> None:
    failed.destroy()
