"""The control plane of one Magnum cluster: ``python -m testbed.openstack.cluster start|join|stop FOLDER``.

Magnum's driver runs these commands and reads their outcome from FOLDER (see ``driver.cluster_files``).
"""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import os
import shutil
import ssl
import sys
import urllib.parse
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testbed import bed, control_plane, nodes, pki, state, waiting
from testbed.api import Api, Object
from testbed.openstack.driver.cluster_files import ClusterFiles, Endpoint, Machine
from testbed.ports import HOST

NAME = "kubernetes"  # of the bed inside the cluster's folder

_HOSTS = (HOST, "10.254.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_NODES = "/api/v1/nodes"
_TRUSTED_WITHIN = _READY_WITHIN = 30.0
_LIFETIME = datetime.timedelta(days=365)
_CLOCK_SKEW = datetime.timedelta(minutes=5)


def start(files: ClusterFiles) -> None:
    """Starts a whole control plane without nodes, and has it trust and show the cluster's own authority."""
    running = bed.start(NAME, nodes=0)
    join = control_plane.Files(running.state).join
    url = (join / "url").read_text()
    with (join / "client-ca.crt").open("ab") as trusted:
        trusted.write(b"\n" + files.authority.with_suffix(".crt").read_bytes())
    pair = serving_certificate(files.authority)
    pair.write(join / "fresh")
    for suffix in (".key", ".crt"):
        (join / "fresh").with_suffix(suffix).replace((join / "apiserver").with_suffix(suffix))
    waiting.until(
        lambda: _is_trusted(url, files), f"{url} trusting the cluster's authority", _TRUSTED_WITHIN
    )
    version = str(Api(running.kubeconfig).get("/version")["gitVersion"])
    files.write_endpoint(Endpoint(url, version))


def join(files: ClusterFiles) -> None:
    """Makes the cluster's nodes those that its machines are to be; returns once all are ready."""
    api = Api(control_plane.Files(state.folder(NAME)).kubeconfig)
    wanted = {machine.name: machine for machine in files.machines()}
    have = {node["metadata"]["name"] for node in api.list(_NODES)}
    for name in have - wanted.keys():
        api.delete(f"{_NODES}/{name}")
    for name in sorted(wanted.keys() - have):
        api.create(_NODES, node(wanted[name]))
    waiting.until(lambda: nodes.all_ready(api, len(wanted)), "the nodes getting ready", _READY_WITHIN)
    files.write_nodes(wanted)


def stop(files: ClusterFiles) -> None:
    """Ends the control plane and removes the cluster's folder."""
    bed.stop(NAME)
    shutil.rmtree(files.folder)


def serving_certificate(authority: Path) -> pki.Pair:
    """A certificate for the API server, signed by the authority in ``<authority>.crt`` and ``.key``."""
    issuer = x509.load_pem_x509_certificate(authority.with_suffix(".crt").read_bytes())
    signer = serialization.load_pem_private_key(authority.with_suffix(".key").read_bytes(), None)
    if not isinstance(signer, rsa.RSAPrivateKey):
        raise TypeError(f"{authority}.key: Magnum makes RSA keys, this is {type(signer).__name__}")
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in _HOSTS]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return pki.Pair(certificate.public_bytes(serialization.Encoding.PEM), pki.private_pem(key))


def node(machine: Machine) -> Object:
    """The node that a machine registers as, with what its kubelet and the cloud provider say of it."""
    master = machine.role == "master"
    roles = [f"node-role.kubernetes.io/{role}" for role in ("master", "control-plane")] if master else []
    capacity = {
        "cpu": str(machine.cpus),
        "memory": f"{machine.memory}Mi",
        "ephemeral-storage": f"{machine.disk}Gi",
        "pods": "110",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": machine.name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/os": "linux",
                "kubernetes.io/hostname": machine.name,
                "node.kubernetes.io/instance-type": machine.flavor,
                "magnum.openstack.org/nodegroup": machine.nodegroup,
                "magnum.openstack.org/role": machine.role,
                **dict.fromkeys(roles, ""),
            },
        },
        "spec": {
            "providerID": f"openstack:///{machine.server}",
            "taints": [{"key": role, "effect": "NoSchedule"} for role in roles],
        },
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": machine.address},
                {"type": "Hostname", "address": machine.name},
            ],
        },
    }


def _is_trusted(url: str, files: ClusterFiles) -> bool:
    """Whether server and client believe each other on the word of the cluster's authority alone."""
    context = ssl.create_default_context(cafile=files.authority.with_suffix(".crt"))
    context.load_cert_chain(files.administrator.with_suffix(".crt"), files.administrator.with_suffix(".key"))
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=context, timeout=5)
    try:
        connection.request("GET", _NODES)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def main() -> None:
    """Runs one command; what goes wrong is left for Magnum to tell."""
    command, folder = sys.argv[1:]
    files = ClusterFiles(Path(folder))
    os.environ["PANDA_INFRA_STATE"] = folder
    try:
        {"start": start, "join": join, "stop": stop}[command](files)
    except Exception as error:
        if files.folder.exists():
            files.write_failure(f"{command}: {error}")
        raise


if __name__ == "__main__":
    main()
