"""A developer's namespace on the Magnum cluster of its parent: reached by the parent's state, with LanDB aliases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from panda_infra.secrets.generate import revealed, stand_ins
from testbed import site
from testbed.bed import Bed
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.workspace import Workspace, overridden
from tests.support.command_line import run_in
from tests.support.magnum import Stack, public_key
from tests.support.namespace_objects import uids
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAME = "panda-lender"
_OWN = "dev-carol"
_PARENTS = "pandaserver-doma"
_HOST = f"carol-{_PARENTS}"
_KINDS = (("/api/v1", ("pods", "secrets", "services")), ("/apis/apps/v1", ("statefulsets", "deployments")))


@pytest.fixture(scope="module")
def parent(cloud: OpenStackBed, bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Broker and server of DOMA's stack file, on a cluster that it lends."""
    doma = REPOSITORY / "Pulumi.doma.yaml"
    document = site.filled(
        doma,
        {
            "panda-infra:cluster": overridden(doma, {})["panda-infra:cluster"]
            | {"name": _NAME, "keypair": _NAME, "publicKey": public_key()},
            "panda-infra:charts": {"kind": "oci", "repository": bed.chart_repository},
            "panda-infra:lifecycle": {"protect": False},
            "panda-infra:developers": {"days": 3},
        },
    )
    document["panda-infra:hosts"] = {"panda": f"{_PARENTS}.cern.ch"}
    for name, component in document["panda-infra:components"].items():
        component.pop("chart", None)  # pins builds that the bed's registry has not
        if name not in ("msgsvc", "panda"):
            document["panda-infra:components"][name] = None
    workspace = Workspace(tmp_path_factory.mktemp("parent") / _NAME, "test")
    workspace.create(document)
    workspace.encrypt("panda-infra:secrets", revealed(stand_ins(site.configuration(document))))
    made = Stack(workspace, cloud, _NAME)
    yield made
    made.run("destroy")


def dev(parent: Stack, *arguments: str) -> Result:
    environment = {**parent.workspace.environment(), **parent.cloud.environment()}
    return run_in(parent.workspace.folder, environment, "dev", *arguments)


def aliases(parent: Stack) -> set[str]:
    """The aliases that the workers carry, less their numbers."""
    servers = parent.cloud.connection().compute.servers(name=f"^{_NAME}")
    carried = ",".join(one.metadata.get("landb-alias", "") for one in servers)
    return {alias.split("--load-")[0] for alias in carried.split(",") if alias}


def test_a_parent_without_a_cluster_lends_none(parent: Stack) -> None:
    refused = dev(parent, "up", "carol", "--from", "test", "--component", "panda")
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
    assert not (parent.workspace.folder / f"Pulumi.{_OWN}.yaml").exists()


def test_up_reaches_the_cluster_by_the_state_of_its_parent(parent: Stack, tmp_path: Path) -> None:
    parent.up()
    api = parent.api(tmp_path)
    before, theirs = uids(api, "panda", _KINDS), aliases(parent)
    asked = ("--from", "test", "--component", "panda", "--secret", "auth.idToken")
    made = dev(parent, "up", "carol", *asked, "--json")
    assert made.exit_code == 0, made.output
    assert f"https://{_HOST}.cern.ch" in json.loads(made.stdout)["hosts"].values()
    assert api.list(f"/api/v1/namespaces/{_OWN}/pods")
    assert aliases(parent) - theirs == {_HOST}
    assert uids(api, "panda", _KINDS) == before
    own = (parent.workspace.folder / f"Pulumi.{_OWN}.yaml").read_text()
    assert "client-key-data" not in made.output + own + parent.workspace.exported_state()


def test_up_again_and_its_parent_change_nothing(parent: Stack, tmp_path: Path) -> None:
    api = parent.api(tmp_path)
    before = uids(api, _OWN, _KINDS)
    again = dev(parent, "up", "carol")
    assert again.exit_code == 0, again.output
    assert uids(api, _OWN, _KINDS) == before
    assert parent.changes("--expect-no-changes", "--refresh") == {}
    assert _HOST in aliases(parent)


def test_it_is_listed_with_its_parent(parent: Stack) -> None:
    listed = dev(parent, "list", "--json")
    assert listed.exit_code == 0, listed.output
    (one,) = json.loads(listed.stdout)
    assert (one["name"], one["parent"]) == ("carol", "test")


def test_down_leaves_the_cluster_as_its_parent_made_it(parent: Stack, tmp_path: Path) -> None:
    api = parent.api(tmp_path)
    before = uids(api, "panda", _KINDS)
    done = dev(parent, "down", "carol", "--yes")
    assert done.exit_code == 0, done.output
    assert _OWN not in {each["metadata"]["name"] for each in api.list("/api/v1/namespaces")}
    assert _HOST not in aliases(parent)
    assert uids(api, "panda", _KINDS) == before
    assert parent.changes("--expect-no-changes", "--refresh") == {}
    parent.destroy()
