"""Secrets with the real engine: no value leaks, pods see every byte, and the right pods are replaced.

The tests of this module follow one stack, in the order of the file.
"""

from __future__ import annotations

import copy
import gzip
import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panda_infra.config.load import from_pulumi
from panda_infra.config.stack import StackConfig
from panda_infra.products.names import SECRET_PREFIX
from panda_infra.secrets.build import build
from testbed import references, stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.command_lines import watched_arguments
from testbed.workspace import Result, Workspace
from tests.support import canaries
from tests.support.credentials import grid_proxy

pytestmark = pytest.mark.e2e

_NAMESPACE = "secrets"
_BASE = f"/api/v1/namespaces/{_NAMESPACE}"
_SECTION = "panda-infra:secrets"


class Stack:
    """The stack under test with the secrets that its file holds."""

    def __init__(self, workspace: Workspace, api: Api) -> None:
        self.workspace = workspace
        self.api = api
        self.secrets = dict(workspace.encrypted[_SECTION])

    def store(self, secrets: dict[str, Any]) -> None:
        self.secrets = secrets
        self.workspace.encrypt(_SECTION, secrets)

    @property
    def canaries(self) -> dict[str, str]:
        return canaries.values(self.secrets)

    def config(self) -> StackConfig:
        """The configuration as the program gets it."""
        document = json.loads(
            self.workspace.pulumi("config", "--json", "--show-secrets", "--stack", "local").stdout
        )
        values = {key: entry["value"] for key, entry in document.items()}
        return from_pulumi("local", values, {_SECTION}).config

    def in_cluster(self) -> dict[str, dict[str, bytes]]:
        """What pods see of each Secret, by the Secret's suffix."""
        return {
            name.removeprefix(f"{SECRET_PREFIX}-"): {
                k: b64decode(v) for k, v in (item.get("data") or {}).items()
            }
            for item in self.api.list(f"{_BASE}/secrets")
            if (name := item["metadata"]["name"]).startswith(SECRET_PREFIX)
        }

    def pods(self) -> dict[str, str]:
        """Each pod's workload and identity."""
        found: dict[str, str] = {}
        for pod in self.api.list(f"{_BASE}/pods"):
            if "deletionTimestamp" not in pod["metadata"]:
                owner = pod["metadata"]["labels"]["app.kubernetes.io/instance"]
                name = pod["metadata"]["labels"]["app.kubernetes.io/name"]
                found[f"{owner}/{name}"] = pod["metadata"]["uid"]
        return found


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Stack]:
    folder = bed.state / "stacks" / _NAMESPACE
    workspace = stacks.local(bed, folder, {"panda-infra:namespace": _NAMESPACE})
    yield Stack(workspace, Api(bed.kubeconfig))
    workspace.destroy()


def up(stack: Stack) -> Result:
    result = stack.workspace.up()
    assert result.code == 0, result.text
    return result


def test_nothing_shows_a_secret_while_the_stack_comes_up(stack: Stack, bed: Bed) -> None:
    with watched_arguments() as arguments:
        preview = stack.workspace.preview("--diff", "--json")
        result = up(stack)
    assert any("pulumi up" in line for line in arguments)
    for what, text in {"arguments": "\n".join(arguments), "preview": preview.text, "up": result.text}.items():
        assert canaries.found_in(text, stack.canaries) == [], what
    assert references.check(bed, _NAMESPACE) == []


def test_neither_state_nor_outputs_nor_refresh_show_one(stack: Stack) -> None:
    texts = {
        "state": stack.workspace.exported_state(),
        "outputs": json.dumps(stack.workspace.outputs()),
        "refresh": stack.workspace.pulumi("refresh", "--yes", "--stack", "local", "--diff").text,
        "stack": stack.workspace.pulumi("stack", "--stack", "local", "--show-urns").text,
    }
    for file in (stack.workspace.folder / "state").rglob("*"):
        if file.is_file():
            texts[file.name] = file.read_text()
    texts["stack file"] = stack.workspace.stack_file.read_text()
    for what, text in texts.items():
        assert canaries.found_in(text, stack.canaries) == [], what


def test_no_object_but_the_secrets_themselves_shows_one(stack: Stack) -> None:
    for kind in _kinds(stack.api):
        if kind != f"{_BASE}/secrets":
            assert canaries.found_in(json.dumps(stack.api.list(kind)), stack.canaries) == [], kind


def _kinds(api: Api) -> Iterator[str]:
    """The collection of every kind of object in the namespace that can be listed."""
    groups = [
        "/api/v1",
        *(f"/apis/{g['preferredVersion']['groupVersion']}" for g in api.get("/apis")["groups"]),
    ]
    for group in groups:
        for resource in api.get(group)["resources"]:
            if resource["namespaced"] and "list" in resource["verbs"]:
                yield f"{group}/namespaces/{_NAMESPACE}/{resource['name']}"


def test_no_release_record_of_helm_shows_one(stack: Stack) -> None:
    records = stack.api.list(f"{_BASE}/secrets?labelSelector=owner%3Dhelm")
    assert records
    for record in records:
        text = gzip.decompress(b64decode(b64decode(record["data"]["release"]))).decode()
        assert canaries.found_in(text, stack.canaries) == [], record["metadata"]["name"]


def test_what_pods_see_is_what_the_stack_file_says(stack: Stack) -> None:
    expected = {suffix: dict(content.data) for suffix, content in build(stack.config()).items()}
    assert stack.in_cluster() == expected


def test_a_secret_read_at_start_replaces_its_readers_and_no_other_pod(stack: Stack) -> None:
    before = stack.pods()
    changed = copy.deepcopy(stack.secrets)
    changed["bigmon"]["secretKey"] = "another-django-key-" + "0" * 40
    stack.store(changed)
    up(stack)
    after = stack.pods()
    assert {name for name in after if after[name] != before[name]} == {"panda-bigmon/main"}
    assert stack.in_cluster()["bigmon-envs"]["BIGMON_SECRET_KEY"] == changed["bigmon"]["secretKey"].encode()


def test_a_renewed_proxy_changes_the_secrets_that_hold_it_and_replaces_no_pod(stack: Stack) -> None:
    """BigMon has the server's proxies in a Secret of its own."""
    before, pods, now = stack.in_cluster(), stack.pods(), datetime.now(UTC)
    for left in (timedelta(hours=11), timedelta(days=7)):
        renewed = copy.deepcopy(stack.secrets)
        renewed["files"] = {"panda": {"robot.proxy": grid_proxy(now - timedelta(hours=1), now + left)}}
        stack.store(renewed)
        assert ("expires in 10 hours" in up(stack).text) == (left < timedelta(days=1))
        after = stack.in_cluster()
        changed = {suffix for suffix in after if after[suffix] != before.get(suffix)}
        assert changed == {"panda-certs", "bigmon-certs"}
        assert after["panda-certs"]["robot.proxy"] == renewed["files"]["panda"]["robot.proxy"].encode()
        assert stack.pods() == pods
        before = after


def test_an_expired_proxy_is_refused_before_anything_happens(stack: Stack) -> None:
    secrets, before, now = stack.secrets, stack.in_cluster(), datetime.now(UTC)
    expired = copy.deepcopy(secrets)
    text = grid_proxy(now - timedelta(days=8), now - timedelta(hours=25))
    expired["files"] = {"panda": {"robot.proxy": text}}
    stack.store(expired)
    for refused in (stack.workspace.preview(), stack.workspace.up()):
        assert refused.code != 0
        assert "Pulumi.local.yaml: 1 problem, nothing was changed" in refused.text
        assert 'secrets.files.panda["robot.proxy"]: expired on ' in refused.text
        assert "25 hours ago" in refused.text
        assert (
            "python -m panda_infra secrets set local 'files.panda[\"robot.proxy\"]' --file FILE"
            in refused.text
        )
        assert text.splitlines()[1] not in refused.text
    assert stack.in_cluster() == before
    stack.store(secrets)


@pytest.mark.long
@settings(max_examples=2, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4096), min_size=20, max_size=20
    )
)
def test_any_bytes_reach_the_pods_and_live_files_replace_none(stack: Stack, texts: list[str]) -> None:
    up(stack)
    before, secrets = stack.pods(), stack.secrets
    changed = copy.deepcopy(secrets)
    edges = [
        "\"'`$(id)%${x}\\",
        "trailing\n\n",
        " # no comment",
        "ünïcödé ☂",
        "true",
        "0123",
        "base64",
        "x" * 4096,
    ]
    files = {
        f"file-{number}": text
        for number, text in enumerate([*edges, *texts])
        if not text.startswith("base64:")
    }
    changed.setdefault("files", {})["harvesterAuth"] = files
    stack.store(changed)
    up(stack)
    seen = stack.in_cluster()["harvester-auth"]
    assert {name: seen[name] for name in files} == {name: text.encode() for name, text in files.items()}
    assert stack.pods() == before
    stack.store(secrets)


def test_a_failing_up_shows_none(stack: Stack) -> None:
    never = {"main": {"annotations": {"testbed.panda-infra/never-ready": "true"}}, "timeout": 10}
    components: dict[str, Any] = {name: {} for name in stack.config().components.deployed()}
    stack.workspace.configure({"panda-infra:components": components | {"bigmon": never}})
    with watched_arguments() as arguments:
        result = stack.workspace.up()
    assert result.code != 0
    assert canaries.found_in(result.text, stack.canaries) == []
    assert canaries.found_in("\n".join(arguments), stack.canaries) == []


def test_an_error_that_dumps_its_environment_is_not_ours(stack: Stack) -> None:
    """A program that dies in an unforeseen way names its error and shows neither configuration nor environment."""
    program = stack.workspace.folder / "__main__.py"
    program.unlink()
    program.write_text(
        "from panda_infra.program import plan_of_this_stack\nplan_of_this_stack()\nraise OSError('unforeseen')\n"
    )
    result = stack.workspace.preview()
    assert "unforeseen" in result.text
    assert canaries.found_in(result.text, stack.canaries) == []
