"""A change of one component of CTAO's DPPS touches its release alone, with every component there.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from testbed import references, stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support import ctao, helm_objects

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "ctao-upgrades"
_COMPONENTS = "panda-infra:components"
_OWN_SECRETS = "ctao-secrets-"
# Pods are ready at once here: nothing to wait for.
_AT_ONCE = {"values": {"minReadySeconds": 0}}
_MORE = {"jobManager": {"resources": {"requests": {"cpu": "75m"}}}}
_SERVER = {**_AT_ONCE, "server": {"replicas": 2}}


def components(**changes: Any) -> dict[str, Any]:
    """Every component; ``changes`` are added to the settings of some."""
    quick = {name: ctao.COMPONENTS[name] | _AT_ONCE for name in ("rucio", "rucio-daemons")}
    return ctao.COMPONENTS | quick | changes


@pytest.fixture(scope="module")
def stack(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    file = ctao.written(tmp_path_factory.mktemp("ctao"), namespace=_NAMESPACE, components=components())
    workspace = stacks.of_file(bed, file, bed.state / "stacks" / _NAMESPACE)
    yield workspace
    done = workspace.destroy()
    assert done.code == 0, done.text


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def generations(api: Api) -> dict[str, int]:
    """The number of changes of each Deployment's specification."""
    return {
        each["metadata"]["name"]: each["metadata"]["generation"]
        for each in api.list(f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments")
    }


def changed(stack: Workspace, api: Api, **changes: Any) -> tuple[set[str], set[str]]:
    """The Deployments and the releases that a change of components touches."""
    deployments, releases = generations(api), helm_objects.revisions(api, _NAMESPACE)
    stack.configure({_COMPONENTS: components(**changes)})
    done = stack.up()
    assert done.code == 0, done.text
    after, now = generations(api), helm_objects.revisions(api, _NAMESPACE)
    assert (after.keys(), now.keys()) == (deployments.keys(), releases.keys())
    return (
        {name for name, number in after.items() if number != deployments[name]},
        {name for name, number in now.items() if number != releases[name]},
    )


def test_every_component_is_one_release(stack: Workspace, api: Api, bed: Bed) -> None:
    done = stack.up()
    assert done.code == 0, done.text
    assert references.check(bed, _NAMESPACE) == []
    assert helm_objects.revisions(api, _NAMESPACE) == {f"ctao-{name}": 1 for name in ctao.COMPONENTS}
    assert len([name for name in generations(api) if name.startswith("ctao-dirac-")]) > 30


def test_no_credential_is_in_any_object_of_helm(stack: Workspace, api: Api) -> None:
    """C47: neither in values, manifests and records of releases nor in what the charts make of them."""
    found, shown, own = helm_objects.exposed(api, _NAMESPACE, _OWN_SECRETS, stack)
    assert {f"secrets/sh.helm.release.v1.ctao-{name}.v1" for name in ctao.COMPONENTS} <= found.keys()
    assert shown == {}
    # What is looked for is there to be found.
    assert set(own) >= {
        "diracDb.rootPassword",
        "diracx.signingKeys",
        "interfaces.rucioDatabasePassword",
        "interfaces.diracDatabasePassword",
        "certificates.dirac.key",
    }


def test_a_change_of_one_program_of_dirac_touches_no_other_pod(stack: Workspace, api: Api) -> None:
    """C6: upstream's upgrade replaces every pod of DIRAC."""
    assert changed(stack, api, dirac=_MORE) == ({"ctao-dirac-job-manager"}, {"ctao-dirac"})


def test_a_change_of_rucios_server_touches_its_release_alone(stack: Workspace, api: Api) -> None:
    assert changed(stack, api, dirac=_MORE, rucio=_SERVER) == ({"ctao-rucio-server"}, {"ctao-rucio"})
