import json
import tomllib
from pathlib import Path

from testbed.real import machines, network
from testbed.real.machines import Files, Programs
from tests.support import fast_yaml


def prepared(tmp_path: Path) -> Files:
    files = Files(tmp_path / "bed")
    files.folder.mkdir(parents=True)
    (files.state / "pki").mkdir()
    (files.state / "pki" / "ca.crt").write_text("authority")
    return files


def test_what_a_node_reads_names_its_own_addresses(tmp_path: Path) -> None:
    files = prepared(tmp_path)
    programs = Programs(Path("/root"), Path("/kubelet"), Path("/kube-proxy"), Path("/coredns"))
    _, environment = machines.node(files, 1, "n", programs=programs, pid=7, labels={"role": "worker"})
    assert environment["LABELS"] == f"role=worker,{machines.LABEL}=true"
    etc = files.of(1) / "etc"
    kubelet = fast_yaml.load((etc / "kubelet.yaml").read_text())
    assert kubelet["address"] == environment["ADDRESS"] == network.address(1)
    assert kubelet["cgroupRoot"] == f"/{environment['CGROUP']}"
    assert kubelet["clusterDNS"] == [network.GATEWAY]
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert network.pods_of(1) in (etc / "cni" / "bed.conflist").read_text()
    assert network.pods_of(1) not in (etc / "routes").read_text()


def test_two_beds_share_no_group_of_processes() -> None:
    names = {machines.cgroup(Files(Path(f"/s/{bed}")), index) for bed in ("a", "b") for index in (0, 1)}
    assert len(names) == 4


def test_containerd_looks_into_the_beds_registry_first(tmp_path: Path) -> None:
    files = prepared(tmp_path)
    machines.configure(files, 0)
    etc = files.of(0) / "etc"
    hosts = tomllib.loads((etc / "certs.d" / "_default" / "hosts.toml").read_text())["host"]
    assert list(hosts) == [f"http://{network.GATEWAY}:{network.REGISTRY_PORT}"]
    plugin = tomllib.loads((etc / "containerd.toml").read_text())["plugins"]["io.containerd.grpc.v1.cri"]
    assert plugin["registry"]["config_path"] == "/etc/bed/certs.d"
    assert plugin["sandbox_image"] == machines.PAUSE


def test_the_api_server_goes_by_the_gateways_socket(tmp_path: Path) -> None:
    files = Files(tmp_path)
    [selection] = json.loads(machines.egress(files))["egressSelections"]
    assert selection["name"] == "cluster"
    assert selection["connection"]["transport"] == {"uds": {"udsName": str(files.socket)}}
