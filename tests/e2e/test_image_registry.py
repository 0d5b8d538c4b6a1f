"""Pods of a stack are pulled through a registry with a log-in, by the real engine and API."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from testbed import leftovers, references, stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tests.support.documented import documented

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE, _PREFIX = "pulled", "harbor.site.test"
_STACK = {"doma": "local"}
_SECRET = f"/api/v1/namespaces/{_NAMESPACE}/secrets/panda-secrets-registry"
_SECTIONS: dict[str, Any] = {
    "panda-infra:namespace": _NAMESPACE,
    "panda-infra:hosts": {},
    "panda-infra:components": {"msgsvc": {}},
    "panda-infra:auth": {"issuer": "https://iam.panda.test"},
    "panda-infra:registry": {"prefix": _PREFIX, "projects": {"ghcr.io": "github"}, "login": True},
}


@pytest.fixture(scope="module")
def stack(bed: Bed, before: frozenset[str]) -> Iterator[Workspace]:  # noqa: ARG001 - looked at first
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, _SECTIONS)
    yield workspace
    workspace.destroy()


def test_every_pod_names_the_registry_and_the_log_in(
    bed: Bed, before: frozenset[str], stack: Workspace
) -> None:
    for command, value in (
        (documented("python -m panda_infra secrets set doma registry.pullUser", _STACK), b"robot\n"),
        (
            documented("python -m panda_infra secrets set doma registry.pullPassword", _STACK),
            b"canary-83f1\n",
        ),
    ):
        done = run_in(stack.folder, stack.environment(), *command.words[3:], stdin=value)
        assert done.exit_code == 0, done.output
    deployed = stack.up()
    assert deployed.code == 0, deployed.text
    assert "canary-83f1" not in deployed.text + stack.exported_state()
    assert stack.up("--expect-no-changes").code == 0

    api = Api(bed.kubeconfig)
    pod = api.get(f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/panda-msgsvc-activemq")["spec"][
        "template"
    ]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "panda-secrets-registry"}]
    assert pod["containers"][0]["image"].startswith(f"{_PREFIX}/github/pandawms/")
    made = api.get(_SECRET)
    assert made["type"] == "kubernetes.io/dockerconfigjson"
    logins = json.loads(b64decode(made["data"][".dockerconfigjson"]))["auths"]
    assert (logins[_PREFIX]["username"], logins[_PREFIX]["password"]) == ("robot", "canary-83f1")
    assert references.check(bed, _NAMESPACE) == []

    destroyed = stack.destroy()
    assert destroyed.code == 0, destroyed.text
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
