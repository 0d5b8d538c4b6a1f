"""The commands of a control plane on the loopback address, and the files that they need."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from testbed import pki
from testbed.ports import HOST

ETCD, API_SERVER = "etcd", "kube-apiserver"
CONTROLLERS, SCHEDULER, KUBELETS = "kube-controller-manager", "kube-scheduler", "kwok"

SERVICE_NETWORK = "10.254.0.0/16"  # as Magnum sets it
POD_NETWORK = "10.100.0.0/16"
_FIRST_SERVICE_ADDRESS = "10.254.0.1"

# The API server's second identity, which every kubeconfig of the bed requests by name. So a certificate of another
# authority can replace the first one, for clients that connect by address.
_SERVER_NAME = "panda-testbed"

_STAGES = Path(__file__).with_name("stages.yaml")


@dataclass(frozen=True)
class Files:
    """The control plane's files below the instance's folder."""

    state: Path

    @property
    def pki(self) -> Path:
        """The authority, the bed's own serving certificate, the key of service account tokens."""
        return self.state / "pki"

    @property
    def join(self) -> Path:
        """Files with which a second authority becomes trusted; the running API server re-reads them.

        ``url``, ``apiserver.crt``, ``apiserver.key`` (for clients that connect by address) and
        ``client-ca.crt`` (every authority whose client certificates are accepted).
        """
        return self.state / "join"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.state / "kubeconfig"

    def kubeconfig_of(self, part: str) -> Path:
        """The kubeconfig of a part of the control plane."""
        return self.state / "pki" / f"{part}.kubeconfig"


def prepare(files: Files, port: int) -> None:
    """Writes certificates, keys and kubeconfigs for an API server at ``port``."""
    files.pki.mkdir()
    files.join.mkdir()
    url = f"https://{HOST}:{port}"
    authority = pki.Authority.fresh("panda-testbed")
    authority.pair.write(files.pki / "ca")
    authority.server("kube-apiserver", [_SERVER_NAME]).write(files.pki / "named")
    authority.client("kube-apiserver", "system:masters").write(files.pki / "kubelets")
    pki.write_private(files.pki / "accounts.key", pki.signing_key())

    hosts = [HOST, _FIRST_SERVICE_ADDRESS, "localhost", "kubernetes.default.svc"]
    authority.server("kube-apiserver", hosts).write(files.join / "apiserver")
    (files.join / "client-ca.crt").write_bytes(authority.pair.certificate)
    (files.join / "url").write_text(url)

    users = {
        files.kubeconfig: authority.client("admin", "system:masters"),
        files.kubeconfig_of(CONTROLLERS): authority.client("system:kube-controller-manager"),
        files.kubeconfig_of(SCHEDULER): authority.client("system:kube-scheduler"),
    }
    for path, pair in users.items():
        pki.write_private(path, kubeconfig(url, authority.pair.certificate, pair).encode())


def kubeconfig(url: str, authority: bytes, user: pki.Pair) -> str:
    """A kubeconfig with one context, for ``url`` as ``user``."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "panda-testbed",
                "cluster": {
                    "server": url,
                    "tls-server-name": _SERVER_NAME,
                    "certificate-authority-data": base64.b64encode(authority).decode(),
                },
            }
        ],
        "users": [
            {
                "name": "bed",
                "user": {
                    "client-certificate-data": base64.b64encode(user.certificate).decode(),
                    "client-key-data": base64.b64encode(user.key).decode(),
                },
            }
        ],
        "contexts": [{"name": "panda-testbed", "context": {"cluster": "panda-testbed", "user": "bed"}}],
        "current-context": "panda-testbed",
    }
    return yaml.safe_dump(document, sort_keys=False)


def etcd(executables: Mapping[str, Path], files: Files, client_port: int, peer_port: int) -> list[str | Path]:
    """The command of the only etcd member; it does not sync, because a bed does not survive a crash anyway."""
    clients, peers = f"http://{HOST}:{client_port}", f"http://{HOST}:{peer_port}"
    return [
        executables[ETCD],
        f"--data-dir={files.state / 'etcd'}",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
    ]


def api_server(
    executables: Mapping[str, Path], files: Files, port: int, etcd_port: int, options: Sequence[str] = ()
) -> list[str | Path]:
    """The command of the API server, with RBAC and the default admission plugins; ``options`` are added."""
    return [
        executables[API_SERVER],
        f"--etcd-servers=http://{HOST}:{etcd_port}",
        f"--bind-address={HOST}",
        f"--secure-port={port}",
        f"--client-ca-file={files.join / 'client-ca.crt'}",
        f"--tls-cert-file={files.join / 'apiserver.crt'}",
        f"--tls-private-key-file={files.join / 'apiserver.key'}",
        f"--tls-sni-cert-key={files.pki / 'named.crt'},{files.pki / 'named.key'}:{_SERVER_NAME}",
        "--authorization-mode=Node,RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={files.pki / 'accounts.key'}",
        f"--service-account-signing-key-file={files.pki / 'accounts.key'}",
        f"--service-cluster-ip-range={SERVICE_NETWORK}",
        "--endpoint-reconciler-type=none",  # a loopback address cannot be an endpoint
        "--allow-privileged",
        *options,
    ]


def controllers(executables: Mapping[str, Path], files: Files) -> list[str | Path]:
    """The command of all controllers of Kubernetes, each with its own service account."""
    return [
        executables[CONTROLLERS],
        f"--kubeconfig={files.kubeconfig_of(CONTROLLERS)}",
        f"--service-account-private-key-file={files.pki / 'accounts.key'}",
        f"--root-ca-file={files.pki / 'ca.crt'}",
        f"--cluster-signing-cert-file={files.pki / 'ca.crt'}",
        f"--cluster-signing-key-file={files.pki / 'ca.key'}",
        "--use-service-account-credentials",
        "--kube-api-qps=500",  # with the default, making the controllers' accounts takes five seconds
        "--kube-api-burst=500",
        "--pvclaimbinder-sync-period=1s",  # a claim with its own volume is bound at the next sync
        "--leader-elect=false",
        "--secure-port=0",
    ]


def scheduler(executables: Mapping[str, Path], files: Files) -> list[str | Path]:
    """The command of the default scheduler."""
    return [
        executables[SCHEDULER],
        f"--kubeconfig={files.kubeconfig_of(SCHEDULER)}",
        "--leader-elect=false",
        "--secure-port=0",
        # Preemption fails for a pod that is new to the scheduler; by default the pod would wait five minutes.
        "--pod-max-in-unschedulable-pods-duration=5s",
    ]


def kubelets(executables: Mapping[str, Path], files: Files, of: str = "fake") -> list[str | Path]:
    """The command of the process that simulates the kubelet of every node annotated with ``of``."""
    return [
        executables[KUBELETS],
        f"--kubeconfig={files.kubeconfig}",
        f"--config={_STAGES}",
        "--manage-all-nodes=false",
        f"--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node={of}",
        f"--cidr={POD_NETWORK}",
        # Without a heartbeat the controllers treat every node as lost after 50 s, and its pods as not ready.
        "--node-lease-duration-seconds=40",
    ]
