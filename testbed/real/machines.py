"""The real nodes of a bed: their files, and the commands that start them and their shared services.

A node is a small machine: a process with its own namespaces for processes, mounts, network and names, on a file
system of Debian's packages. Only its folder survives that process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from testbed.real import network

NETWORK, GATEWAY, NAMES, SERVICES = "real-network", "real-gateway", "real-names", "real-services"
"""The parts that every node needs."""
LABEL = "testbed.panda-infra/real"
"""The label of every real node, with the value ``true``; a taint of the same name repels other pods."""

_SCRIPT = Path(__file__).with_name("machine.sh")
PAUSE = "testbed/pause:1"
"""The image of the container that keeps a pod's namespaces."""


@dataclass(frozen=True)
class Files:
    """The files of the real nodes below the instance's folder."""

    state: Path

    @property
    def folder(self) -> Path:
        """The folder of all these files."""
        return self.state / "real"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of programs in the nodes' network that run on no node: name server and Services' proxy."""
        return self.folder / "kubeconfig"

    @property
    def socket(self) -> Path:
        """The gateway's socket for connections into the network."""
        return self.folder / "gateway.sock"

    @property
    def egress(self) -> Path:
        """The API server's configuration with that socket."""
        return self.folder / "egress.json"

    @property
    def furnished(self) -> Path:
        """A file that exists when the network is ready."""
        return self.folder / "network.ready"

    @property
    def volumes(self) -> Path:
        """The folder of volumes, the same on every node like a shared file system."""
        return self.state / "volumes"

    def of(self, index: int) -> Path:
        """The folder of one node."""
        return self.folder / str(index)


@dataclass(frozen=True)
class Programs:
    """The programs of a node: the file system with containerd and its helpers, and those of Kubernetes."""

    rootfs: Path
    kubelet: Path
    kube_proxy: Path
    coredns: Path


def part(index: int) -> str:
    """The name of a node's process."""
    return f"real-node-{index}"


def node_name(stack: str, index: int) -> str:
    """The name of a node in the cluster, different from all simulated ones."""
    return f"{stack}-real-{index}"


def egress(files: Files) -> str:
    """The API server's configuration to reach kubelets, pods and Services in the nodes' network."""
    transport = {"uds": {"udsName": str(files.socket)}}
    connection = {"proxyProtocol": "HTTPConnect", "transport": transport}
    document = {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }
    return json.dumps(document, indent=1)


def shared_network(files: Files) -> list[str | Path]:
    """The command of the process that keeps the network alive."""
    furnish = "\n".join(f"ip {command}" for command in network.commands())
    forward = "echo 1 >/proc/sys/net/ipv4/ip_forward"
    script = f'set -e\n{furnish}\n{forward}\ntouch "$1"\nexec sleep infinity'
    return ["unshare", "--net", "sh", "-c", script, "sh", files.furnished]


def name_server(files: Files, programs: Programs, pid: int) -> list[str | Path]:
    """The command of CoreDNS at the gateway's address; it resolves only the cluster's names."""
    config = files.folder / "Corefile"
    lines = [
        ".:53 {",
        f"  bind {network.GATEWAY}",
        "  errors",
        f"  kubernetes {network.DOMAIN} {{",
        f"    kubeconfig {files.kubeconfig}",
        "  }",
        "}",
    ]
    config.write_text("\n".join(lines) + "\n")
    return [*_within(pid), programs.coredns, "-conf", config]


def services(
    files: Files, programs: Programs, pid: int, node: str
) -> tuple[list[str | Path], dict[str, str]]:
    """The command and environment of the proxy that makes Services reachable through the gateway."""
    own = files.folder / "programs"
    own.mkdir(exist_ok=True)
    nft = own / "nft"
    nft.write_text(f'#!/bin/sh\nexec chroot "{programs.rootfs}" /usr/sbin/nft "$@"\n')
    nft.chmod(0o755)
    command = [
        *_within(pid),
        programs.kube_proxy,
        f"--kubeconfig={files.kubeconfig}",
        "--proxy-mode=nftables",
        f"--hostname-override={node}",  # any existing node: it would wait long for a missing one
        f"--bind-address={network.GATEWAY}",
        f"--cluster-cidr={network.PODS}",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]
    return command, {"PATH": f"{own}:/usr/sbin:/usr/bin:/sbin:/bin"}


def node(
    files: Files, index: int, name: str, *, programs: Programs, pid: int, labels: Mapping[str, str]
) -> tuple[list[str | Path], dict[str, str]]:
    """The command and environment of one node; writes the files that the node reads.

    Args:
        files: the bed's files.
        index: the node's index, from 0.
        name: the node's name in the cluster.
        programs: the node's programs.
        pid: the network's process.
        labels: the labels with which it registers.
    """
    configure(files, index)
    environment = {
        "NODE": name,
        "NAME": part(index),
        "INDEX": str(index),
        "ADDRESS": network.address(index),
        "BRIDGE": network.BRIDGE,
        "GATEWAY": network.GATEWAY,
        "NETWORK": str(network.namespace(pid)),
        "PODS": network.PODS,
        "PROXY": f"http://{network.GATEWAY}:{network.PROXY_PORT}",
        "CGROUP": cgroup(files, index),
        "LABELS": ",".join(f"{key}={value}" for key, value in {**labels, LABEL: "true"}.items()),
        "ROOTFS": str(programs.rootfs),
        "KUBELET": str(programs.kubelet),
        "KUBE_PROXY": str(programs.kube_proxy),
        "FOLDER": str(files.of(index)),
        "BED": str(files.state),
    }
    own = ("--mount", "--pid", "--net", "--uts", "--ipc")
    return ["unshare", *own, "--fork", "--kill-child", "bash", _SCRIPT], environment


def cgroup(files: Files, index: int) -> str:
    """The cgroup of this bed's node."""
    return f"panda-infra-{files.state.name}-{index}"


def configure(files: Files, index: int) -> None:
    """Writes a node's configuration files."""
    etc = files.of(index) / "etc"
    (etc / "cni").mkdir(parents=True, exist_ok=True)
    (etc / "certs.d" / "_default").mkdir(parents=True, exist_ok=True)
    files.volumes.mkdir(exist_ok=True)
    (etc / "ca.crt").write_bytes((files.state / "pki" / "ca.crt").read_bytes())
    (etc / "kubelet.yaml").write_text(yaml.safe_dump(_kubelet(files, index)))
    (etc / "cni" / "bed.conflist").write_text(json.dumps(_cni(index), indent=1))
    (etc / "containerd.toml").write_text(_CONTAINERD)
    (etc / "certs.d" / "_default" / "hosts.toml").write_text(_MIRROR)
    (etc / "routes").write_text("".join(f"{route}\n" for route in network.routes(besides=index)))


def _kubelet(files: Files, index: int) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": network.address(index),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": "/etc/bed/ca.crt"},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup(files, index)}",
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "clusterDNS": [network.GATEWAY],
        "clusterDomain": network.DOMAIN,
        "resolvConf": "",
        # The kubelet may fail to find the device of a disk that it shares with the machine.
        "localStorageCapacityIsolation": False,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi"},
        "registerWithTaints": [{"key": LABEL, "value": "true", "effect": "NoSchedule"}],
        "nodeStatusUpdateFrequency": "5s",
        "shutdownGracePeriod": "0s",
    }


def _cni(index: int) -> dict[str, object]:
    """A point-to-point link for each pod: on a bridge, answers of a Service could bypass the node's rules."""
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": network.pods_of(index)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "0.4.0",
        "name": "bed",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": addresses},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _within(pid: int) -> list[str | Path]:
    return ["nsenter", f"--net={network.namespace(pid)}"]


# containerd searches every image in the bed's registry first, whatever registry its name contains.
_MIRROR = f"""[host."http://{network.GATEWAY}:{network.REGISTRY_PORT}"]
capabilities = ["pull", "resolve"]
"""
_CONTAINERD = f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/etc/bed/cni"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/etc/bed/certs.d"
"""
