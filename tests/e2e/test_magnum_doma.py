"""The stack file of DOMA as it is, from nothing to every component and back, with a cluster that Magnum makes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from panda_infra.secrets.generate import revealed, stand_ins
from testbed import site
from testbed.bed import Bed
from testbed.openstack.cloud import OpenStackBed
from testbed.openstack.clouds import APPLICATION_CREDENTIAL
from testbed.workspace import Workspace
from tests.support.magnum import Stack, public_key
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]


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
    described: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.doma.yaml").read_text())["config"]
    return dict(described["panda-infra:cluster"])


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
    assert "quota of cores: 40 more needed" in doma.run("preview").text


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


def test_doma_leaves_nothing(doma: Stack) -> None:
    doma.destroy()


def test_an_application_credential_is_refused_before_anything_happens(doma: Stack) -> None:
    began = time.time()
    doma.describe(cloud=APPLICATION_CREDENTIAL)
    text = doma.fails()
    assert "application credentials cannot create clusters" in text
    assert "nothing was changed" in text
    assert doma.written("POST", r"/(clusters|os-keypairs)$", began) == 0
