"""CVMFS comes and goes with its key, against the real API server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from panda_infra.plan.demands import CVMFS_DRIVER
from testbed import magnum, stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.namespace_objects import uids

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_ATLAS = {"name": "atlas", "repository": "atlas.cern.ch"}
_CONDB = {"name": "atlas-condb", "repository": "atlas-condb.cern.ch"}
_VOLUMES = "/api/v1/persistentvolumes"
_NAMESPACE = "mounting"
_KINDS = (
    ("/api/v1", ("services", "persistentvolumeclaims", "secrets", "configmaps")),
    ("/apis/apps/v1", ("statefulsets",)),
)


def components(*repositories: dict[str, str]) -> dict[str, Any]:
    mounted = {"cvmfs": list(repositories)} if repositories else {}
    panda = {"server": mounted, "jedi": mounted}
    return {"panda-infra:components": {"msgsvc": {}, "panda": panda}}


def workspace(bed: Bed, name: str, namespace: str) -> Workspace:
    given = {
        "panda-infra:namespace": namespace,
        "panda-infra:hosts": {},
        "panda-infra:storage": {"class": "standard"},
        "panda-infra:lifecycle": {"protect": False},
    }
    return stacks.local(bed, bed.state / "stacks" / name, given | components(_ATLAS, _CONDB))


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    made = workspace(bed, _NAMESPACE, _NAMESPACE)
    yield made
    done = made.destroy()
    assert done.code == 0, done.text
    assert mounted_volumes(Api(bed.kubeconfig)) == set()


def mounted_volumes(api: Api) -> set[str]:
    return {
        each["metadata"]["name"]
        for each in api.list(_VOLUMES)
        if (each["spec"].get("csi") or {}).get("driver") == CVMFS_DRIVER
    }


def objects(api: Api) -> dict[str, str]:
    """The uid of each object of the namespace, without Helm's records."""
    return uids(api, _NAMESPACE, _KINDS)


def test_it_comes_and_goes_and_nothing_else_does(bed: Bed, stack: Workspace) -> None:
    api = Api(bed.kubeconfig)
    api.delete(f"{magnum.DRIVERS}/{CVMFS_DRIVER}")
    try:
        refused = stack.up()
    finally:
        api.create(magnum.DRIVERS, magnum.driver(CVMFS_DRIVER))
    assert refused.code != 0
    assert f"components.panda.server.cvmfs: the cluster has no CSIDriver {CVMFS_DRIVER}" in refused.text
    assert _NAMESPACE not in {each["metadata"]["name"] for each in api.list("/api/v1/namespaces")}

    done = stack.up()
    assert done.code == 0, done.text
    wanted = {f"panda-{sub}-cvmfs-{name}" for sub in ("server", "jedi") for name in ("atlas", "atlas-condb")}
    assert mounted_volumes(api) == wanted
    bound = api.list(f"/api/v1/namespaces/{_NAMESPACE}/persistentvolumeclaims")
    assert {each["metadata"]["name"]: each["status"]["phase"] for each in bound}.items() >= dict.fromkeys(
        wanted, "Bound"
    ).items()

    same_names = workspace(bed, "mounting-too", "mounting-too").preview()
    assert same_names.code != 0
    assert "would make PersistentVolume panda-server-cvmfs-atlas, which exists" in " ".join(
        same_names.text.split()
    )

    before = objects(api)
    stack.configure(components())
    done = stack.up()
    assert done.code == 0, done.text
    assert mounted_volumes(api) == set()
    gone = before.keys() - objects(api).keys()
    assert gone == {f"persistentvolumeclaims/{name}" for name in wanted}
    assert objects(api).items() <= before.items()


def test_the_page_of_a_stack_lists_it(stack: Workspace) -> None:
    stack.configure(components(_ATLAS))
    command = documented("python -m panda_infra explain atlas-testbed", {"atlas-testbed": "local"})
    reported = run_in(stack.folder, stack.environment(), *command.words[3:])
    assert reported.exit_code == 0, reported.output
    assert "| panda server | CVMFS | atlas.cern.ch |" in " ".join(reported.output.split())
