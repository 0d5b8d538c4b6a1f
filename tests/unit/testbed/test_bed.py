"""What is decided about an instance without starting one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from testbed import bed, executables, processes
from testbed.errors import BedError
from testbed.real import obstacles


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PANDA_INFRA_STATE", str(tmp_path))
    yield tmp_path
    processes.stop(tmp_path / "a")


def record(root: Path, *parts: str) -> None:
    """An instance that consists of sleeping processes."""
    folder = root / "a"
    pids = {part: processes.spawn(folder, part, ["sleep", "60"]).child.pid for part in parts}
    content = {
        "name": "a",
        "state": str(folder),
        "kubeconfig": str(folder / "k"),
        "registry": "h:1",
        "pids": pids,
    }
    (folder / "bed.json").write_text(json.dumps(content))


def test_no_instance(root: Path) -> None:
    assert bed.find("a") is None
    assert list(root.iterdir()) == []


def test_running_instance_is_found(root: Path) -> None:
    record(root, "etcd", "kwok")
    found = bed.find("a")
    assert found is not None
    assert found.state == root / "a"
    assert found.chart_repository == "oci://h:1/panda-k8s-charts"
    assert found.dead() == []


def test_running_instance_is_not_started_again(root: Path) -> None:
    record(root, "etcd")
    with pytest.raises(BedError, match="test bed a: runs already"):
        bed.start("a")
    assert bed.find("a") is not None


def test_dead_part_is_reported(root: Path) -> None:
    record(root, "etcd", "kwok")
    (found,) = [pid for pid, part in processes.alive(root / "a").items() if part == "kwok"]
    processes.end(root / "a", {"kwok"})
    instance = bed.find("a")
    assert instance is not None
    assert instance.pids["kwok"] == found
    assert instance.dead() == ["kwok"]


def test_instance_whose_processes_are_gone_is_no_instance(root: Path) -> None:
    record(root, "etcd")
    processes.stop(root / "a")
    assert bed.find("a") is None


def test_what_a_killed_start_left_is_cleared(root: Path) -> None:
    """A start that was cut short has processes, but no record."""
    processes.spawn(root / "a", "etcd", ["sleep", "60"])
    assert bed.find("a") is None
    bed._clear(root / "a")
    assert processes.alive(root / "a") == {}
    assert not (root / "a").exists()


def test_instance_with_a_dead_part_is_cleared(root: Path) -> None:
    record(root, "etcd", "kwok")
    processes.end(root / "a", {"kwok"})
    bed._clear(root / "a")
    assert not (root / "a").exists()


def test_stop_leaves_nothing(root: Path) -> None:
    record(root, "etcd")
    bed.stop("a")
    assert processes.alive(root / "a") == {}
    assert list(root.iterdir()) == []


def test_stop_of_nothing_does_nothing(root: Path) -> None:
    bed.stop("a")
    assert list(root.iterdir()) == []


def test_failed_start_names_the_part_and_leaves_nothing_running(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = root / "failing"
    failing.write_text("#!/bin/sh\necho cannot start >&2\nexit 7\n")
    failing.chmod(0o755)
    parts = (
        "etcd",
        "registry",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kwok",
        "helm",
    )
    monkeypatch.setattr(executables, "locate", lambda: dict.fromkeys(parts, failing))
    with pytest.raises(BedError, match=r"(?s)ended with exit code 7.*cannot start"):
        bed.start("a")
    assert processes.alive(root / "a") == {}
    assert (root / "a" / "log" / "etcd.log").exists()


def test_where_real_nodes_cannot_be_nothing_is_started(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obstacles, "found", lambda _: iter(["no root", "no overlay"]))
    with pytest.raises(BedError, match="nothing was started:\n  - no root\n  - no overlay"):
        bed.start("a", real=1)
    assert list(root.iterdir()) == []


def test_real_nodes_need_simulated_ones(root: Path) -> None:
    with pytest.raises(BedError, match="join a cluster of simulated ones"):
        bed.start("a", nodes=0, real=1)
    assert list(root.iterdir()) == []


def test_an_instance_tells_whether_it_has_real_nodes(root: Path) -> None:
    record(root, "etcd")
    found = bed.find("a")
    assert found is not None
    assert not found.has_real_nodes
    assert replace(found, pids={"real-network": 1}).has_real_nodes
