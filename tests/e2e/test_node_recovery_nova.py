"""Node recovery asks a real Nova whether a machine is down, by an application credential."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.node_recovery import NAME
from testbed import mortal, stacks, waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.openstack_bed import offer
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.clouds_yaml import APPLICATION_CREDENTIAL
from testbed.openstack_bed.settings import REGION
from testbed.workspace import Workspace
from tests.support import fast_yaml
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.node_recovery import out_of_service, pods, running

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "asking"
_PATIENCE = 120.0


@pytest.fixture(scope="module")
def credential(cloud: OpenStackBed) -> dict[str, str]:
    entry = fast_yaml.load(cloud.clouds_file.read_text())["clouds"][APPLICATION_CREDENTIAL]["auth"]
    return {"id": entry["application_credential_id"], "secret": entry["application_credential_secret"]}


@pytest.fixture(scope="module")
def servers(cloud: OpenStackBed) -> list[str]:
    """Two servers that run."""
    compute = cloud.connection().compute
    network = cloud.connection().network.find_network(offer.NETWORK)
    image = cloud.connection().image.find_image(offer.IMAGE)
    flavor = compute.find_flavor(offer.FLAVORS[0].name)
    made = [
        compute.create_server(
            name=f"node-{number}", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": network.id}]
        ).id
        for number in range(2)
    ]
    for server in made:
        await_status(cloud, server, "ACTIVE")
    return made


def await_status(cloud: OpenStackBed, server: str, status: str) -> None:
    compute = cloud.connection().compute
    waiting.until(
        lambda: compute.get_server(server).status == status, f"the server being {status}", _PATIENCE
    )


@pytest.fixture(scope="module")
def stack(bed: Bed, cloud: OpenStackBed, credential: dict[str, str]) -> Iterator[Workspace]:
    settings = {
        "confirm": "nova",
        "authUrl": cloud.settings.url("keystone"),
        "region": REGION,
        "silentFor": 12,
        "apart": 0,
    }
    given = {"namespace": _NAMESPACE, "nodeRecovery": settings, "components": {"msgsvc": {}}, "hosts": {}}
    made = stacks.local(
        bed, bed.state / "stacks" / _NAMESPACE, {f"panda-infra:{key}": value for key, value in given.items()}
    )
    commands = {
        "id": documented(
            "python -m panda_infra secrets set doma nodeRecovery.credentialId", {"doma": "local"}
        ),
        "secret": documented(
            "python -m panda_infra secrets set doma nodeRecovery.credentialSecret", {"doma": "local"}
        ),
    }
    for key, command in commands.items():
        said = run_in(made.folder, made.environment(), *command.words[3:], stdin=credential[key].encode())
        assert said.exit_code == 0, said.output
        assert credential["secret"] not in said.output
    done = made.up()
    assert done.code == 0, done.text
    assert credential["secret"] not in done.text + made.exported_state()
    yield made
    done = made.destroy()
    assert done.code == 0, done.text


def test_a_silent_node_whose_server_runs_stays_until_it_is_stopped(
    bed: Bed,
    cloud: OpenStackBed,
    servers: list[str],
    stack: Workspace,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    api = Api(bed.kubeconfig)
    secret: dict[str, Any] = api.get(f"/api/v1/namespaces/{_NAMESPACE}/secrets/{NAME}")
    files = tmp_path / "nova"
    _mounted(secret, files)
    with (
        mortal.machines(bed, 2, servers) as machines,
        running(bed, _NAMESPACE, tmp_path, _pod(bed), NOVA_CREDENTIAL=str(files)) as pod,
    ):
        dead, _ = machines
        dead.stop()
        pod.await_line("its server is ACTIVE in Nova", 90)
        time.sleep(15)
        assert out_of_service(bed) == []
        cloud.connection().compute.stop_server(servers[0])
        await_status(cloud, servers[0], "SHUTOFF")
        waiting.until(lambda: out_of_service(bed) == [dead.node], "the taint", 40)
        assert b64decode(secret["data"]["secret"]).decode() not in pod.log.read_text()
        # A server that is gone while another is found is down too.
        api.merge(f"/api/v1/nodes/{dead.node}", {"spec": {"taints": None}})
        cloud.connection().compute.delete_server(servers[0])
        waiting.until(lambda: out_of_service(bed) == [dead.node], "the taint", 60)


def _pod(bed: Bed) -> str:
    return str(pods(bed, _NAMESPACE)[0]["metadata"]["name"])


def _mounted(secret: dict[str, Any], folder: Path) -> None:
    folder.mkdir()
    for key, value in secret["data"].items():
        (folder / key).write_bytes(b64decode(value))
