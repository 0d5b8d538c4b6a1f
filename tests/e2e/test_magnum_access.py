"""The credential of a Magnum cluster: renewed in place before it ends, and after the cluster got another CA.

The tests follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from cryptography import x509

from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.kubeconfig import STATE
from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.config.secrets import Secrets
from panda_infra.stacks.access import reach
from panda_infra.teardown.destroy import destroy, settled_residue
from panda_infra.teardown.renewal import renew_access
from testbed import waiting
from testbed.openstack_bed.cloud import OpenStackBed
from tests.support import fast_yaml
from tests.support.magnum import Stack, make

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NAMESPACE = "/api/v1/namespaces/inside"
SERVICE_ACCOUNT = "/api/v1/namespaces/kube-system/serviceaccounts/panda-infra"
BEYOND = 3650  # days: longer than Magnum's certificates live


@pytest.fixture(scope="module")
def stack(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = make(cloud, tmp_path_factory.mktemp("stacks"), "panda-access-k8s", workers=1)
    made.up()
    yield made
    made.run("destroy")


def certificate(stack: Stack) -> x509.Certificate:
    """The client's, as the stack holds it."""
    user = fast_yaml.load(stack.kubeconfig())["users"][0]["user"]
    return x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"]))


def lasting(stack: Stack) -> dict[str, Any]:
    """What no renewal may change: cluster, the provider's identity, and an object inside the cluster."""
    (provider,) = (one for one in stack.resources() if one["type"] == "pulumi:providers:kubernetes")
    return {
        "clusters": [cluster.id for cluster in stack.clusters()],
        "identifier": provider["inputs"]["clusterIdentifier"],
        "provider": provider["id"],
        "namespace": inside(stack).call("GET", NAMESPACE)["metadata"]["uid"],
        "servers": sorted(server.id for server in stack.cloud.connection().compute.servers()),
    }


def inside(stack: Stack) -> KubernetesClient:
    """The cluster through the stack's credential of this moment."""
    return KubernetesClient(STATE.target(stack.kubeconfig()))


def is_refused(old: KubernetesClient) -> bool:
    try:
        old.call("GET", NAMESPACE)
    except KubernetesError:
        return True
    return False


def test_a_certificate_that_ends_soon_is_renewed_in_place(stack: Stack) -> None:
    before, old = lasting(stack), certificate(stack)
    stack.describe(renewDays=BEYOND)
    assert stack.changes() == {"access": "update"}
    assert stack.done() == {"access": "update", "kubernetes": "update"}
    assert certificate(stack).serial_number != old.serial_number
    assert lasting(stack) == before


def test_who_would_renew_for_ever_is_reported(stack: Stack) -> None:
    assert "lower `cluster.renewDays`" in stack.up()


def test_a_certificate_that_does_not_end_soon_is_kept(stack: Stack) -> None:
    held = certificate(stack)
    stack.describe(renewDays=30)
    assert stack.changes() == {"access": "update"}
    assert stack.done() == {"access": "update"}
    assert certificate(stack) == held
    assert stack.changes("--expect-no-changes") == {}
    assert stack.done() == {}


def test_a_token_in_place_of_the_certificate_replaces_nothing(stack: Stack) -> None:
    before = lasting(stack)
    stack.describe(tokenHours=2)
    assert stack.changes() == {"access": "update"}
    assert stack.done() == {"access": "update", "kubernetes": "update"}
    assert fast_yaml.load(stack.kubeconfig())["users"][0]["user"].keys() == {"token"}
    assert lasting(stack) == before
    assert stack.changes() == {}


def test_a_token_is_renewed_when_half_of_its_life_is_over(stack: Stack) -> None:
    """Two hours are less than half of the life that tokens are to have from now on."""
    before, old = lasting(stack), stack.kubeconfig()
    stack.describe(tokenHours=24)
    assert stack.changes() == {"access": "update"}
    assert stack.done() == {"access": "update", "kubernetes": "update"}
    assert stack.kubeconfig() != old
    assert lasting(stack) == before
    assert stack.done() == {}


def test_a_token_that_has_ended_stands_in_nobodys_way(stack: Stack) -> None:
    before = lasting(stack)
    end_token(stack)
    assert stack.changes() == {"access": "update", "kubernetes": "update"}
    assert stack.done() == {"access": "update", "kubernetes": "update"}
    assert lasting(stack) == before
    assert stack.changes() == {}


def test_what_asks_the_cluster_first_needs_a_renewal_first(stack: Stack) -> None:
    before = lasting(stack)
    end_token(stack)
    for command in ("preview", "up", "destroy"):
        assert "unreachable cluster" in stack.fails(command, "--refresh")
    assert stack.changes("--refresh", "--run-program") == {"access": "update", "kubernetes": "update"}
    with mock.patch.dict(os.environ, stack.workspace.environment() | stack.cloud.environment()):
        renew_access(stack.plan(), Pulumi("pulumi", stack.workspace.folder))
    assert stack.changes("--refresh", "--expect-no-changes") == {}
    assert lasting(stack) == before


def end_token(stack: Stack) -> None:
    """Have the token end as it does by itself after days."""
    access = inside(stack)
    access.call("DELETE", SERVICE_ACCOUNT)
    waiting.until(lambda: is_refused(access), "the end of the token", seconds=60)
    remember_as_ended(stack)


def remember_as_ended(stack: Stack) -> None:
    """Change the state of the credential to what it is a day later."""
    exported = json.loads(stack.workspace.exported_state())
    (access,) = (
        one
        for one in exported["deployment"]["resources"]
        if one["type"] == "panda-magnum:index:ClusterAccess"
    )
    access["outputs"]["expires"] = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    stack.workspace.pulumi("stack", "import", "--stack", "test", stdin=json.dumps(exported))


def test_another_authority_of_the_cluster_renews_the_credential(stack: Stack) -> None:
    stack.describe(tokenHours=None)
    stack.up()
    access, old = inside(stack), certificate(stack)
    before = lasting(stack)
    rotate(stack)
    assert is_refused(access)
    assert stack.changes() == {"access": "update", "kubernetes": "update"}
    assert stack.done() == {"access": "update", "kubernetes": "update"}
    assert certificate(stack).serial_number != old.serial_number
    assert lasting(stack) == before
    assert stack.changes("--expect-no-changes") == {}


def rotate(stack: Stack) -> None:
    """Have Magnum make the cluster's CA anew."""
    magnum, (cluster,) = stack.cloud.connection().container_infrastructure_management, stack.clusters()
    path = f"/certificates/{cluster.id}"
    before = magnum.get(path).json()["pem"]
    assert magnum.patch(path).status_code == 202
    waiting.until(
        lambda: stack.clusters()[0].status == "UPDATE_COMPLETE" and magnum.get(path).json()["pem"] != before,
        "the new authority",
        seconds=120,
    )


def test_a_stack_with_a_credential_of_the_past_leaves_nothing(
    stack: Stack, capfd: pytest.CaptureFixture[str]
) -> None:
    rotate(stack)
    with mock.patch.dict(os.environ, stack.workspace.environment() | stack.cloud.environment()):
        plan = stack.plan()
        access = reach(plan.stack, plan.config.cluster, Secrets())
        destroy(plan, access, Pulumi("pulumi", stack.workspace.folder), print)
        assert settled_residue(plan, access) == []
    assert "unreachable" not in capfd.readouterr().out
    assert stack.resources() == []
