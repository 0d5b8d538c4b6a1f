"""The OpenStack part of the test bed: a cluster's life, and every fault that tests can switch on."""

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509.oid import NameOID
from openstack import exceptions

from testbed import processes, waiting
from testbed.api import Api
from testbed.openstack_bed import bed as clouds
from testbed.openstack_bed import offer
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.clouds_yaml import APPLICATION_CREDENTIAL
from testbed.openstack_bed.faults import Answer
from tests.support import fast_yaml

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PATIENCE = 120.0
NAME = "panda-doma-k8s"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bed")


@pytest.fixture(scope="module")
def cloud(state: Path) -> Iterator[OpenStackBed]:
    began = time.monotonic()
    cloud = clouds.start(state)
    print(f"ready after {time.monotonic() - began:.1f} s, MiB: {cloud.memory()}")
    try:
        key = ed25519.Ed25519PrivateKey.generate().public_key()
        text = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        for name in ("testbed", APPLICATION_CREDENTIAL):
            if not cloud.connection(name).compute.find_keypair(offer.KEYPAIR):
                cloud.connection(name).compute.create_keypair(name=offer.KEYPAIR, public_key=text)
        yield cloud
    finally:
        clouds.stop(state)


@pytest.fixture(scope="module")
def tenant(cloud: OpenStackBed) -> Any:
    return cloud.connection()


@pytest.fixture(scope="module")
def cluster(tenant: Any) -> str:
    """A cluster of two workers, as the deployment guide makes one; its UUID."""
    uuid = create(tenant, NAME, node_count=2)
    assert settled(tenant, uuid).status == "CREATE_COMPLETE"
    return uuid


def create(connection: Any, name: str, **more: Any) -> str:
    magnum = connection.container_infrastructure_management
    template = next(one for one in magnum.cluster_templates() if one.name == offer.TEMPLATE)
    wanted = {
        "name": name,
        "cluster_template_id": template.id,
        "keypair": offer.KEYPAIR,
        "master_count": 1,
        "node_count": 1,
        "flavor_id": "m2.large",
        "master_flavor_id": "m2.medium",
        "merge_labels": True,
        "labels": {"ingress_controller": "nginx"},
    }
    return str(magnum.create_cluster(**{**wanted, **more}).id)


def get(connection: Any, uuid: str) -> Any:
    return connection.container_infrastructure_management.get_cluster(uuid)


def exists(connection: Any, uuid: str) -> bool:
    try:
        get(connection, uuid)
    except exceptions.NotFoundException:
        return False
    return True


def settled(connection: Any, uuid: str) -> Any:
    """The cluster once nothing is in progress."""
    waiting.until(
        lambda: not get(connection, uuid).status.endswith("_IN_PROGRESS"), f"cluster {uuid}", PATIENCE
    )
    return get(connection, uuid)


def scale(connection: Any, uuid: str, count: int) -> None:
    change = [{"op": "replace", "path": "/node_count", "value": count}]
    answer = connection.container_infrastructure_management.patch(f"/clusters/{uuid}", json=change)
    exceptions.raise_from_response(answer)


def scaled(connection: Any, uuid: str, count: int) -> Any:
    """The cluster once its workers are as many."""
    scale(connection, uuid, count)
    waiting.until(
        lambda: (
            (found := get(connection, uuid)).status == "UPDATE_COMPLETE"
            and len(found.node_addresses) == count
        ),
        f"cluster {uuid} having {count} workers",
        PATIENCE,
    )
    return get(connection, uuid)


def delete(connection: Any, uuid: str) -> None:
    """Deletes a cluster and waits until it is gone."""
    connection.container_infrastructure_management.delete_cluster(uuid)
    waiting.until(lambda: not exists(connection, uuid), f"cluster {uuid} being gone", PATIENCE)


def servers(connection: Any, name: str) -> dict[str, Any]:
    return {one.name: one for one in connection.compute.servers() if one.name.startswith(f"{name}-")}


def kubernetes(connection: Any, uuid: str, folder: Path) -> Api:
    """The cluster's API, by a certificate that Magnum signed."""
    magnum = connection.container_infrastructure_management
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters"),
            x509.NameAttribute(NameOID.COMMON_NAME, "admin"),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    body = {"cluster_uuid": uuid, "csr": request.public_bytes(serialization.Encoding.PEM).decode()}
    certificate = magnum.post("/certificates", json=body).json()["pem"]
    authority = magnum.get(f"/certificates/{uuid}").json()["pem"]
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )

    def encoded(content: str | bytes) -> str:
        return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()

    where = {"server": get(connection, uuid).api_address, "certificate-authority-data": encoded(authority)}
    who = {"client-certificate-data": encoded(certificate), "client-key-data": encoded(pem)}
    path = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "magnum", "cluster": where}],
        "users": [{"name": "admin", "user": who}],
        "contexts": [{"name": "magnum", "context": {"cluster": "magnum", "user": "admin"}}],
        "current-context": "magnum",
    }
    path.write_text(fast_yaml.dump(document))
    return Api(path)


def provider_ids(api: Api) -> dict[str, str]:
    return {node["metadata"]["name"]: node["spec"]["providerID"] for node in api.list("/api/v1/nodes")}


def expected_ids(connection: Any, name: str) -> dict[str, str]:
    return {server: f"openstack:///{found.id}" for server, found in servers(connection, name).items()}


# A cluster's life


def test_nodes_are_the_servers(tenant: Any, cluster: str, tmp_path: Path) -> None:
    api = kubernetes(tenant, cluster, tmp_path)
    assert provider_ids(api) == expected_ids(tenant, NAME)
    (stack,) = {name.rsplit("-", 2)[0] for name in servers(tenant, NAME)}
    assert set(provider_ids(api)) == {f"{stack}-master-0", f"{stack}-node-0", f"{stack}-node-1"}


def test_cluster_is_complete(tenant: Any, cluster: str, tmp_path: Path) -> None:
    """It has what Magnum installs, and pods run on it."""
    api = kubernetes(tenant, cluster, tmp_path)
    settings = api.get("/api/v1/namespaces/kube-system/configmaps/cern-magnum-ingress-nginx-controller")
    assert "allow-snippet-annotations" not in settings["data"]
    assert {one["metadata"]["name"] for one in api.list("/apis/storage.k8s.io/v1/storageclasses")} >= {
        "standard"
    }
    container = {"name": "main", "image": "busybox"}
    api.create(
        "/api/v1/namespaces/default/pods",
        {"metadata": {"name": "probe"}, "spec": {"containers": [container]}},
    )

    def running() -> bool:
        found = api.get("/api/v1/namespaces/default/pods/probe")
        return bool(found["status"].get("phase") == "Running") and "-node-" in found["spec"]["nodeName"]

    waiting.until(running, "the pod running on a worker", PATIENCE)


def test_metadata_value_has_255_characters_at_most(tenant: Any, cluster: str) -> None:
    assert cluster
    server = next(one for name, one in servers(tenant, NAME).items() if "-node-" in name)
    tenant.compute.set_server_metadata(server, **{"landb-alias": "x" * 255})
    assert tenant.compute.get_server_metadata(server).metadata["landb-alias"] == "x" * 255
    with pytest.raises(exceptions.BadRequestException):
        tenant.compute.set_server_metadata(server, **{"landb-alias": "x" * 256})


def test_requests_are_logged(cloud: OpenStackBed, tenant: Any, cluster: str) -> None:
    began = time.time()
    server = next(iter(servers(tenant, NAME).values()))
    tenant.compute.set_server_metadata(server, probe="1")
    get(tenant, cluster)
    seen = {(one.service, one.method, one.path): one for one in cloud.requests(since=began)}
    change = seen["nova", "POST", f"/v2.1/servers/{server.id}/metadata"]
    assert (change.status, change.body) == (200, {"metadata": {"probe": "1"}})
    assert seen["magnum", "GET", f"/v1/clusters/{cluster}"].status == 200


def test_scaling_adds_and_removes_servers_and_nodes(tenant: Any, cluster: str, tmp_path: Path) -> None:
    api = kubernetes(tenant, cluster, tmp_path)
    before = provider_ids(api)
    scaled(tenant, cluster, 3)
    assert provider_ids(api) == expected_ids(tenant, NAME)
    assert provider_ids(api).items() > before.items()
    scaled(tenant, cluster, 2)
    waiting.until(lambda: provider_ids(api) == before, "the third node being gone", PATIENCE)
    assert expected_ids(tenant, NAME) == before


def test_replaced_node_comes_back_under_another_name(
    cloud: OpenStackBed, tenant: Any, cluster: str, tmp_path: Path
) -> None:
    api = kubernetes(tenant, cluster, tmp_path)
    old = min(name for name in provider_ids(api) if "-node-" in name)
    new = cloud.replace_server(cluster, old)
    assert new != old
    assert old not in servers(tenant, NAME)
    assert provider_ids(api) == expected_ids(tenant, NAME)
    assert new in provider_ids(api)
    assert len(get(tenant, cluster).node_addresses) == 2


def test_node_group_has_servers_and_nodes_of_its_own(tenant: Any, cluster: str, tmp_path: Path) -> None:
    magnum = tenant.container_infrastructure_management
    groups, headers = f"/clusters/{cluster}/nodegroups", {"OpenStack-API-Version": "container-infra 1.9"}
    wanted = {"name": "big", "node_count": 1, "flavor_id": "m2.xlarge"}
    group = magnum.post(groups, json=wanted, headers=headers).json()["uuid"]
    api = kubernetes(tenant, cluster, tmp_path)

    def capacities() -> list[str]:
        nodes = api.list("/api/v1/nodes")
        own = re.compile(rf"{NAME}-big-[a-z0-9]{{12}}-node-0")
        return [one["status"]["capacity"]["cpu"] for one in nodes if own.fullmatch(one["metadata"]["name"])]

    waiting.until(lambda: capacities() == ["8"], "the group's node having joined", PATIENCE)
    assert provider_ids(api) == expected_ids(tenant, NAME)
    settled(tenant, cluster)
    magnum.delete(f"{groups}/{group}", headers=headers)
    waiting.until(lambda: capacities() == [], "the group's node being gone", PATIENCE)
    assert provider_ids(api) == expected_ids(tenant, NAME)
    assert settled(tenant, cluster).status == "UPDATE_COMPLETE"
    found = magnum.get(groups, headers=headers).json()["nodegroups"]
    assert {one["name"] for one in found} == {"default-master", "default-worker"}


def test_server_in_error(cloud: OpenStackBed, tenant: Any, cluster: str) -> None:
    assert cluster
    name = next(name for name in servers(tenant, NAME) if "-node-" in name)
    cloud.fail_server(name)
    assert servers(tenant, NAME)[name].status == "ERROR"
    cloud.repair_server(name)
    assert servers(tenant, NAME)[name].status == "ACTIVE"


def test_delete_leaves_nothing(cloud: OpenStackBed, tenant: Any) -> None:
    uuid = create(tenant, "short-lived")
    settled(tenant, uuid)
    plane = cloud.settings.clusters / uuid / "kubernetes"
    assert processes.alive(plane)
    delete(tenant, uuid)
    assert servers(tenant, "short-lived") == {}
    assert processes.alive(plane) == {}
    assert not plane.exists()


# Faults


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    ("service", "status"), [("nova", 500), ("nova", 429), ("magnum", 500), ("magnum", 429)]
)
def test_errors_of_a_service(cloud: OpenStackBed, tenant: Any, service: str, status: int) -> None:
    proxy, path = {
        "nova": (tenant.compute, "/servers"),
        "magnum": (tenant.container_infrastructure_management, "/clusters"),
    }[service]
    answer = Answer(status, count=2, service=service, method="GET", path=f"{path}$", retry_after=1)
    with cloud.faults(answers=(answer,)):
        found = [proxy.get(path, raise_exc=False) for _ in range(3)]
    assert [one.status_code for one in found] == [status, status, 200]
    assert found[0].headers["Retry-After"] == "1"


@pytest.mark.usefixtures("cluster")
def test_expired_token_is_renewed_by_the_client(cloud: OpenStackBed, tenant: Any) -> None:
    began = time.time()
    with cloud.faults(answers=(Answer(401, service="nova"),)):
        assert servers(tenant, NAME)
    seen = [(one.service, one.status) for one in cloud.requests(since=began)]
    assert ("nova", 401) in seen
    assert ("keystone", 201) in seen


def test_create_fails(cloud: OpenStackBed, tenant: Any) -> None:
    with cloud.faults(create_failed="Quota exceeded for cores"):
        uuid = create(tenant, "failing")
        found = settled(tenant, uuid)
    assert (found.status, found.status_reason) == ("CREATE_FAILED", "Quota exceeded for cores")
    assert not found.api_address
    delete(tenant, uuid)
    assert servers(tenant, "failing") == {}


def test_server_without_a_host_fails_the_cluster(tenant: Any) -> None:
    uuid = create(tenant, "too-big", flavor_id=offer.UNPLACEABLE.name)
    found = settled(tenant, uuid)
    assert found.status == "CREATE_FAILED"
    assert "No valid host was found" in found.status_reason
    delete(tenant, uuid)


def test_application_credential_cannot_create_clusters(cloud: OpenStackBed) -> None:
    connection = cloud.connection(APPLICATION_CREDENTIAL)
    uuid = create(connection, "without-trust")
    found = settled(connection, uuid)
    assert found.status == "CREATE_FAILED"
    assert "Failed to create trustee or trust" in found.status_reason
    delete(connection, uuid)


def test_row_comes_after_the_answer(cloud: OpenStackBed, tenant: Any) -> None:
    with cloud.faults(row_seconds=2, create_failed="for a short test"):
        uuid = create(tenant, "racing")
        assert not exists(tenant, uuid)
        waiting.until(lambda: exists(tenant, uuid), "the cluster's row", PATIENCE)
        settled(tenant, uuid)
    delete(tenant, uuid)


def test_create_is_slow(cloud: OpenStackBed, tenant: Any) -> None:
    began = time.monotonic()
    with cloud.faults(create_seconds=20, create_failed="for a short test"):
        uuid = create(tenant, "slow")
        settled(tenant, uuid)
    assert time.monotonic() - began >= 20
    delete(tenant, uuid)


def test_scaling_is_slow(cloud: OpenStackBed, tenant: Any, cluster: str) -> None:
    began = time.monotonic()
    with cloud.faults(scale_seconds=6):
        scaled(tenant, cluster, 3)
    assert time.monotonic() - began >= 6


def test_status_follows_late(cloud: OpenStackBed, tenant: Any, cluster: str) -> None:
    """As behind a slow Heat: an earlier UPDATE_COMPLETE still stands there when the next update is asked for."""
    assert scaled(tenant, cluster, 2).status == "UPDATE_COMPLETE"
    with cloud.faults(heat_seconds=2):
        scale(tenant, cluster, 3)
        assert get(tenant, cluster).status == "UPDATE_COMPLETE"
        waiting.until(lambda: get(tenant, cluster).status == "UPDATE_IN_PROGRESS", "the update", PATIENCE)
    assert len(settled(tenant, cluster).node_addresses) == 3


def test_nodes_join_late(cloud: OpenStackBed, tenant: Any, cluster: str, tmp_path: Path) -> None:
    api = kubernetes(tenant, cluster, tmp_path)
    with cloud.faults(join_seconds=3):
        scaled(tenant, cluster, 4)
        assert len(provider_ids(api)) < len(servers(tenant, NAME))
    waiting.until(
        lambda: provider_ids(api) == expected_ids(tenant, NAME), "the late node having joined", PATIENCE
    )


# The end


def test_stop_leaves_nothing(cloud: OpenStackBed, tenant: Any, cluster: str, state: Path) -> None:
    assert get(tenant, cluster)
    clouds.stop(state)
    assert processes.alive(cloud.settings.folder) == {}
    assert processes.alive(cloud.settings.clusters / cluster / "kubernetes") == {}
    assert not cloud.settings.folder.exists()
    assert clouds.find(state) is None
