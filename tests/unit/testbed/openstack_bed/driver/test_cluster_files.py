from pathlib import Path

import pytest

from testbed.openstack_bed.driver.cluster_files import ClusterFiles, Endpoint, Machine


@pytest.fixture
def files(tmp_path: Path) -> ClusterFiles:
    return ClusterFiles(tmp_path)


def test_nothing_is_said_at_first(files: ClusterFiles) -> None:
    assert files.endpoint() is None
    assert files.failure() is None
    assert files.machines() == []
    assert files.nodes() == set()


def test_both_sides_understand_each_other(files: ClusterFiles) -> None:
    machine = Machine("s-node-0", "5e1f", "worker", "default-worker", "m2.large", 4, 7500, 40, "10.32.0.7")
    files.write_machines([machine])
    files.write_nodes(["s-node-0"])
    files.write_endpoint(Endpoint("https://127.0.0.1:6443", "v1.34.4"))
    files.write_failure("start: no etcd")
    assert files.machines() == [machine]
    assert files.nodes() == {"s-node-0"}
    assert files.endpoint() == Endpoint("https://127.0.0.1:6443", "v1.34.4")
    assert files.failure() == "start: no etcd"
