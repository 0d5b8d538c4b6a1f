"""A targeted update deploys what it names and leaves nothing undone, with the real engine on the real API.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from testbed import stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import PROJECT, Workspace
from tests.support.documented import documented
from tests.support.pages import Command

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "part"
_SECRETS = f"{PROJECT}:secrets"
_ALL: dict[str, Any] = {"msgsvc": {}, "iam-db": {}, "iam": {}, "panda": {}}
_STACK = {"doma": "local"}


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / _NAMESPACE,
        {
            f"{PROJECT}:namespace": _NAMESPACE,
            f"{PROJECT}:components": _ALL,
            f"{PROJECT}:hosts": {},
            f"{PROJECT}:lifecycle": {"protect": False},
        },
    )
    deployed = workspace.up()
    assert deployed.code == 0, deployed.text
    yield workspace
    workspace.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def revisions(api: Api) -> dict[str, int]:
    """The newest revision of each release."""
    found: dict[str, int] = {}
    for record in api.list(f"/api/v1/namespaces/{_NAMESPACE}/secrets?labelSelector=owner%3Dhelm"):
        labels = record["metadata"]["labels"]
        found[labels["name"]] = max(found.get(labels["name"], 0), int(labels["version"]))
    return found


def secrets(api: Api) -> dict[str, str]:
    """The version of each Secret of the stack."""
    listed = api.list(f"/api/v1/namespaces/{_NAMESPACE}/secrets")
    return {
        each["metadata"]["name"]: each["metadata"]["resourceVersion"]
        for each in listed
        if each["type"] != "helm.sh/release.v1"
    }


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def targeted(stack: Workspace, line: Command) -> None:
    done = stack.pulumi(*line.arguments, "--yes", "--skip-preview")
    assert done.code == 0, done.text
    assert "Duplicate resource URN" not in done.text


def whole(stack: Workspace) -> None:
    """The next update of everything leaves nothing for another one."""
    for words in ((), ("--expect-no-changes",)):
        done = stack.up(*words)
        assert done.code == 0, done.text


def test_only_what_is_named_changes_and_the_rest_follows(stack: Workspace, api: Api) -> None:
    releases, contents = revisions(api), secrets(api)
    broker = stack.encrypted[_SECRETS]["msgsvc"] | {"basePassword": "another-password-0123"}
    stack.encrypt(_SECRETS, {**stack.encrypted[_SECRETS], "msgsvc": broker})
    timeouts = {name: {"timeout": 901} for name in ("iam-db", "panda")}
    stack.configure({f"{PROJECT}:components": _ALL | timeouts})
    targeted(
        stack,
        documented(
            "pulumi up --stack doma --target '**Secret::msgsvc-envs' --target '**Release::msgsvc'", _STACK
        ),
    )
    assert changed(releases, revisions(api)) == {"panda-msgsvc"}
    assert changed(contents, secrets(api)) == {"panda-secrets-msgsvc-envs"}
    whole(stack)


def test_a_component_that_was_removed_does_not_stop_it(stack: Workspace, api: Api) -> None:
    without = {name: each for name, each in _ALL.items() if name != "panda"}
    stack.configure({f"{PROJECT}:components": without | {"msgsvc": {"timeout": 902}}})
    before = revisions(api)
    targeted(stack, documented("pulumi up --stack doma --target '**Release::msgsvc'", _STACK))
    assert changed(before, revisions(api)) <= {"panda-msgsvc"}
    whole(stack)
    assert "panda" not in revisions(api)


def test_all_releases_can_be_named(stack: Workspace) -> None:
    targeted(
        stack,
        documented("pulumi up --stack doma --target '**Secret::msgsvc-envs' --target '**Release::*'", _STACK),
    )
    whole(stack)
