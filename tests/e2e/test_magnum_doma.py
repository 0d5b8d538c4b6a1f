"""The stack file of DOMA as it is, from nothing to every component and back, with a cluster that Magnum makes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from panda_infra.secrets.generate import revealed, stand_ins
from testbed import site, stacks
from testbed.bed import Bed
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.clouds_yaml import ADMINISTRATOR, APPLICATION_CREDENTIAL
from testbed.workspace import Workspace, overridden
from tests.support import fast_yaml
from tests.support.command_line import run_in
from tests.support.magnum import Stack, public_key
from tests.support.teardown_order import deletions, out_of_order, steps
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SMALL = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}


@pytest.fixture(scope="module")
def doma(cloud: OpenStackBed, bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack file of DOMA as it is, but under another name, unprotected, and with the bed's charts."""
    name = "panda-rehearsal"
    document = site.filled(
        REPOSITORY / "Pulumi.doma.yaml",
        {
            "panda-infra:cluster": doma_cluster()
            | {"name": name, "keypair": name, "publicKey": public_key()},
            "panda-infra:charts": {"kind": "oci", "repository": bed.chart_repository},
            "panda-infra:lifecycle": {"protect": False},
        },
    )
    for component in document["panda-infra:components"].values():
        component.pop("chart", None)  # pins builds that the bed's registry has not
    workspace = Workspace(tmp_path_factory.mktemp("doma") / name, "test")
    workspace.create(document)
    workspace.encrypt("panda-infra:secrets", revealed(stand_ins(site.configuration(document))))
    made = Stack(workspace, cloud, name)
    yield made
    made.run("destroy")


def doma_cluster() -> dict[str, Any]:
    return dict(overridden(REPOSITORY / "Pulumi.doma.yaml", {})["panda-infra:cluster"])


@contextmanager
def quotas(cloud: OpenStackBed, *, clusters: int, volumes: int, **compute: int) -> Iterator[None]:
    """What the tenant's project may have, for a while."""
    admin, project = cloud.connection(ADMINISTRATOR), cloud.connection().current_project_id
    nova, cinder, magnum = admin.compute, admin.block_storage, admin.container_infrastructure_management
    path, cluster = f"/os-quota-sets/{project}", {"project_id": project, "resource": "Cluster"}
    answers = [
        nova.put(path, json={"quota_set": compute}),
        cinder.put(path, json={"quota_set": {"volumes": volumes}}),
        magnum.post("/quotas", json={**cluster, "hard_limit": clusters}),
    ]
    assert all(answer.ok for answer in answers), [answer.text for answer in answers]
    try:
        yield
    finally:
        nova.delete(path)
        cinder.delete(path)
        magnum.delete(f"/quotas/{project}/Cluster", json=cluster)


def test_doma_is_planned_completely_before_there_is_a_cluster(doma: Stack) -> None:
    planned = doma.changes()
    assert {
        "cluster",
        "access",
        "node-labels",
        "landb-aliases",
        "ingress-settings",
        "namespace",
    } <= planned.keys()
    assert {"msgsvc", "panda", "harvester", "idds", "bigmon"} <= planned.keys()
    assert set(planned.values()) == {"create"}
    (doma.workspace.folder / "policy").symlink_to(REPOSITORY / "policy")
    judged = doma.run("preview", "--policy-pack", "policy")
    assert judged.code == 0, judged.text
    assert "quota of cores: 40 more needed" in judged.text


def test_all_that_openstack_lacks_is_reported_at_once(doma: Stack) -> None:
    with doma.described(
        template="kubernetes-0", flavor="m9.wide", masterFlavor="m9.flat", keypair="nobodys", publicKey=None
    ):
        reported = doma.fails("preview")
    for missing in (
        "Magnum has no cluster template kubernetes-0",
        "Nova has no flavor m9.wide",
        "Nova has no flavor m9.flat",
        "you have no keypair nobodys",
    ):
        assert missing in reported
    assert "nothing was changed" in reported


def test_pods_larger_than_every_worker_are_reported_at_once(doma: Stack) -> None:
    with doma.described(flavor="m2.small"):
        reported = doma.fails("preview")
    for component in ("harvester.harvester", "panda.server", "panda.jedi", "idds.rest"):
        assert f"components.{component}.resources: a pod requests" in reported
    assert "the largest worker, of flavor m2.small, has 1 CPU, 1.83 GiB" in reported


def test_names_that_are_too_long_are_reported_at_once(doma: Stack) -> None:
    with doma.described(name="p" * 31, aliasHosts=[f"{'a' * 64}.cern.ch"]):
        reported = doma.fails("preview")
    assert "cluster.name" in reported
    assert "at most 30 letters" in reported
    assert "cluster.aliasHosts[0]" in reported


def test_every_quota_that_is_too_small_is_reported_at_once(doma: Stack) -> None:
    quota = {"cores": 39, "ram": 70000, "instances": 4, "volumes": 0, "clusters": 0}
    began = time.time()
    with doma.described(), quotas(doma.cloud, **quota):
        doma.workspace.configure({"panda-infra:storage": {"class": "standard"}})
        reported = doma.fails("preview")
    for line in (
        "cores: 40 more needed, 0 used of 39",
        "ram: 75000 MiB more needed, 0 MiB used of 70000 MiB",
        "instances: 5 more needed, 0 used of 4",
        "volumes: ",
        "clusters: 1 more needed, 0 used of 0",
    ):
        assert f"quota of {line}" in reported
        assert f"the quota is too small: {line}" in reported
    assert doma.written("POST", r"/(clusters|os-keypairs)$", began) == 0


def test_doma_from_nothing_to_every_component_ready(doma: Stack, tmp_path: Path) -> None:
    doma.up()
    api = doma.api(tmp_path)
    pods = api.list("/api/v1/namespaces/panda/pods")
    assert pods
    for pod in pods:
        ready = {c["type"]: c["status"] for c in pod["status"]["conditions"]}
        assert ready["Ready"] == "True", pod["metadata"]["name"]
    hosts = ("pandaserver-doma", "panda-doma", "panda-idds-doma")
    assert doma.aliases()["node3"] == ",".join(f"{host}--load-4-" for host in hosts)


def test_doma_does_not_change_without_a_change(doma: Stack) -> None:
    assert doma.changes("--expect-no-changes") == {}


def looked(doma: Stack, **environment: str) -> dict[str, Any]:
    around = {**doma.workspace.environment(), **doma.cloud.environment(), **environment}
    shown = run_in(doma.workspace.folder, around, "status", "test", "--json")
    found: dict[str, Any] = json.loads(shown.stdout)
    assert shown.exit_code == bool(found["problems"]), shown.output
    assert "Traceback" not in shown.output
    return found


def test_status_shows_the_cluster_its_nodes_and_aliases(doma: Stack) -> None:
    found = looked(doma)
    assert (found["problems"], found["undeployed"]) == ([], [])
    assert found["cluster"]["status"] == "CREATE_COMPLETE"
    assert {group["role"]: (group["live"], group["wanted"]) for group in found["cluster"]["groups"]} == {
        "master": (1, 1),
        "worker": (4, 4),
    }
    workers = [node for node in found["nodes"] if not node["master"]]
    assert [node["live"] for node in workers] == [{"role": "ingress"}] * 4
    assert [one["written"] for one in found["aliases"]] == [one["wanted"] for one in found["aliases"]]
    assert all(one["written"] for one in found["aliases"])


def test_status_tells_what_others_have_undone_and_what_is_not_deployed(doma: Stack, tmp_path: Path) -> None:
    unlabelled = doma.server("-node-1").name
    doma.api(tmp_path).merge(f"/api/v1/nodes/{unlabelled}", {"metadata": {"labels": {"role": None}}})
    doma.write_metadata("-node-2", landb_alias="panda-doma--load-9-")
    with doma.described(nodeCount=5):
        found = looked(doma)
    reported = "\n".join(found["problems"])
    assert f"node {unlabelled} has no label role=ingress" in reported
    assert (
        f"server {doma.server('-node-2').name} carries the aliases panda-doma--load-9-, wanted are "
        in reported
    )
    assert "has 4 nodes, the stack wants 5" in reported
    assert f"cluster {doma.name}: nodeCount 4 -> 5" in found["undeployed"]
    doma.up("--refresh", "--skip-preview")
    assert looked(doma)["problems"] == []


def test_a_cloud_that_cannot_be_asked_is_one_line_of_the_status(doma: Stack, tmp_path: Path) -> None:
    clouds = fast_yaml.load(Path(doma.cloud.environment()["OS_CLIENT_CONFIG_FILE"]).read_text())
    for each in clouds["clouds"].values():
        each["auth"]["auth_url"] = "http://127.0.0.1:9/v3"
    file = tmp_path / "clouds.yaml"
    file.write_text(fast_yaml.dump(clouds))
    found = looked(doma, OS_CLIENT_CONFIG_FILE=str(file))
    (problem,) = found["problems"]
    assert problem.startswith("the cloud cannot be looked at: ")
    assert {one["status"] for one in found["releases"]} == {"deployed"}
    assert found["nodes"]
    assert found["undeployed"] == []


def test_tls_reaches_the_server_untouched_once_asked_for(doma: Stack, tmp_path: Path) -> None:
    doma.workspace.configure({"panda-infra:exposure": {"kind": "nginx", "passthrough": True}})
    assert doma.done() == {"panda": "update"}
    ingresses = doma.api(tmp_path).list("/apis/networking.k8s.io/v1/namespaces/panda/ingresses")
    hosts = {
        rule["host"]
        for ingress in ingresses
        if ingress["metadata"]["annotations"].get("nginx.ingress.kubernetes.io/ssl-passthrough") == "true"
        for rule in ingress["spec"]["rules"]
    }
    assert hosts == {"pandaserver-doma.cern.ch"}


def test_an_encrypted_kubeconfig_is_all_that_an_existing_cluster_takes(
    doma: Stack, bed: Bed, tmp_path: Path
) -> None:
    """A stack beside that of the cluster, which knows nothing of the cloud."""
    beside = stacks.local(
        bed,
        tmp_path / "beside",
        {
            "panda-infra:namespace": "beside",
            "panda-infra:components": {"msgsvc": {"activemq": {"resources": SMALL}}},
            "panda-infra:hosts": {},
        },
    )
    secrets = beside.encrypted["panda-infra:secrets"]
    beside.encrypt("panda-infra:secrets", {**secrets, "kubeconfig": doma.kubeconfig()})
    beside.configure({"panda-infra:cluster": {"kind": "existing"}})
    assert not any(name.startswith("OS_") for name in beside.environment())
    began, api = time.time(), doma.api(tmp_path)
    for command in (beside.up, beside.up, beside.destroy):
        result = command()
        assert result.code == 0, result.text
        there = {one["metadata"]["name"] for one in api.list("/api/v1/namespaces")}
        assert ("beside" in there) == (command != beside.destroy)
        assert "client-key-data" not in beside.exported_state()
    # The services of the cloud ask each other from time to time.
    asked = [
        one for one in doma.cloud.requests(began) if one.agent.startswith(("openstacksdk", "gophercloud"))
    ]
    assert asked == []


def test_doma_goes_in_the_order_of_the_page_and_leaves_nothing(doma: Stack) -> None:
    reported = doma.run("destroy", "--skip-preview", "--json")
    assert reported.code == 0, reported.text
    deleted = deletions(reported.stdout)
    assert {kind for kinds in steps() for kind in kinds} - deleted.keys() == {"PersistentVolume"}
    assert list(out_of_order(deleted)) == []
    doma.destroy()


def test_an_application_credential_is_refused_before_anything_happens(doma: Stack) -> None:
    began = time.time()
    doma.describe(cloud=APPLICATION_CREDENTIAL)
    text = doma.fails()
    assert "application credentials cannot create clusters" in text
    assert "nothing was changed" in text
    assert doma.written("POST", r"/(clusters|os-keypairs)$", began) == 0
