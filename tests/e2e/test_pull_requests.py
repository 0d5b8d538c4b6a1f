"""A stack through a pull request with the real engine: compared, previewed, deployed as reviewed, watched.

The history is a git repository of its own, made from this checkout. The tests follow it in the order of the file.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from testbed import stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace, overridden
from tests.support import forge as forges
from tests.support.documented import documented
from tools import REPOSITORY

pytestmark = pytest.mark.e2e

_NAMESPACE = "reviewed"
_CANARY = "canary-4711-in-the-broker"
_COPIED = ("panda_infra", "__main__.py", "Pulumi.yaml", "cric_jsons")
_STACK = {"doma": "local"}
# An object where it does not belong.
_SLIP = """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap

other = pulumi.ResourceOptions(provider=Provider("other", render_yaml_to_directory="rendered"))
ConfigMap("stray", metadata={"name": "stray", "namespace": "default"}, opts=other)
"""


class Checkout:
    """A workspace whose folder is a git repository with the program in it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = workspace.folder
        for name in _COPIED:
            source = REPOSITORY / name
            (self.folder / name).unlink()
            if source.is_dir():
                shutil.copytree(source, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, self.folder / name)
        shutil.copy(REPOSITORY / "requirements.lock", self.folder)
        shutil.copytree(REPOSITORY / "policy", self.folder / "policy")
        (self.folder / ".gitignore").write_text("/state\n/passphrase\n/.venv\n/reviewed*\n__pycache__\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("begin")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.folder), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of the program, in the checkout."""
        return subprocess.run(
            [sys.executable, "-m", "panda_infra", *arguments],
            cwd=self.folder,
            env={**self.workspace.environment(), **environment},
            check=False,
            capture_output=True,
            text=True,
        )

    def changes(self, base: str) -> dict[str, Any]:
        told = documented("python -m panda_infra plan-changes origin/main", {"origin/main": base})
        done = self.run(*told.arguments, "--json")
        assert done.returncode == 0, done.stderr
        changes: dict[str, Any] = json.loads(done.stdout)
        return changes

    def configure(self, **annotations: str) -> None:
        broker = {"activemq": {"annotations": annotations}}
        self.workspace.configure({"panda-infra:components": {"msgsvc": broker}})


@pytest.fixture(scope="module")
def checkout(bed: Bed) -> Iterator[Checkout]:
    sections = {
        "panda-infra:namespace": _NAMESPACE,
        "panda-infra:components": {"msgsvc": {}},
        "panda-infra:hosts": {},
        "panda-infra:storage": {"class": "standard"},
    }
    workspace = Workspace(bed.state / "stacks" / _NAMESPACE, "local")
    workspace.create(overridden(stacks.LOCAL, stacks.on_bed(bed) | sections))
    for key, value in (("hashKey", "0123456789abcdef" * 4), ("msgsvc.basePassword", _CANARY)):
        name = f"panda-infra:secrets.{key}"
        done = workspace.pulumi("config", "set", "--secret", "--path", name, "--stack", "local", stdin=value)
        assert done.code == 0, done.text
    deployed = workspace.up("--skip-preview")
    assert deployed.code == 0, deployed.text
    yield Checkout(workspace)
    workspace.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def pod_template(api: Api) -> dict[str, Any]:
    deployment = api.get(f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/panda-msgsvc-activemq")
    template: dict[str, Any] = deployment["spec"]["template"]["metadata"]
    return template


def no_secret_in(text: str) -> bool:
    return _CANARY not in text and b64encode(_CANARY.encode()).decode().rstrip("=")[:-1] not in text


def test_plans_tell_which_stacks_a_commit_touches(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "-b", "change")
    (checkout.folder / "README.md").write_text("Words.\n")
    note = checkout.folder / "panda_infra" / "delivery" / "releases.py"
    note.write_text(f"# A comment deploys nothing.\n{note.read_text()}")
    checkout.commit("words")
    assert checkout.changes("main") == {"touched": [], "removed": [], "changes": []}

    checkout.configure(a="b")
    checkout.commit("annotate the broker")
    [change] = checkout.changes("main")["changes"]
    assert change["stack"] == "local"
    assert change["components"] == {"msgsvc": "changed"}
    paths = {each["path"]: each["after"] for each in change["differences"]}
    assert paths == {"components.msgsvc.values.activemq.podAnnotations": {"a": "b"}}


def test_a_commit_that_cannot_be_told_counts_as_touched(checkout: Checkout) -> None:
    here = checkout.git("rev-parse", "HEAD")
    model = checkout.folder / "panda_infra" / "plan" / "model.py"
    sound = model.read_text()
    model.write_text("raise RuntimeError('broken')\n")
    broken = checkout.commit("break the planner")
    assert checkout.run("plan-changes", here).returncode == 1
    model.write_text(sound)
    checkout.commit("mend it")
    [change] = checkout.changes(broken)["changes"]
    assert change["stack"] == "local"
    assert "broken" in change["reasons"][0]
    checkout.git("reset", "--quiet", "--hard", here)


def test_the_preview_is_kept_without_a_secret(checkout: Checkout, api: Api) -> None:
    told = documented("python -m panda_infra review preview doma", _STACK)
    previewed = checkout.run(*told.arguments, "--since", "main", "--commit", "c0ffee")
    assert previewed.returncode == 0, previewed.stderr
    comment = (checkout.folder / "reviewed" / "comment.md").read_text()
    assert "**Down while its only pod is replaced**: `msgsvc/activemq`" in comment
    assert "c0ffee" in comment
    kept = {file.name: file.read_text() for file in (checkout.folder / "reviewed").iterdir()}
    assert set(kept) == {"plan.json", "seal.json", "comment.md", "preview.md"}
    for name, text in kept.items():
        assert no_secret_in(text), name
    assert '"ciphertext"' in kept["plan.json"]
    assert "a" not in pod_template(api)["annotations"]


def test_a_changed_world_stops_the_deployment_before_it_begins(checkout: Checkout, api: Api) -> None:
    before = pod_template(api)
    path = f"/api/v1/namespaces/{_NAMESPACE}/secrets/panda-secrets-msgsvc-envs"
    right = api.get(path)["data"]
    api.merge(path, {"data": {"ACTIVEMQ_BASE_PASSWD": b64encode(b"another-password").decode()}})
    refused = checkout.run(*documented("python -m panda_infra review apply doma", _STACK).arguments)
    said = refused.stdout + refused.stderr
    assert refused.returncode == 1, said
    assert "violates plan" in said
    # The engine's own message holds the Secret's content, both the old and the new.
    assert no_secret_in(said)
    assert b64encode(b"another-password").decode() not in said
    assert pod_template(api) == before
    api.merge(path, {"data": right})


def test_another_commit_is_not_deployed_in_the_name_of_the_review(checkout: Checkout) -> None:
    reviewed = checkout.workspace.stack_file.read_text()
    checkout.configure(a="c")
    refused = checkout.run("review", "apply", "local")
    assert refused.returncode == 1
    assert "this commit deploys something else than the reviewed one" in refused.stderr
    assert refused.stdout == ""
    checkout.workspace.stack_file.write_text(reviewed)


def test_the_merge_deploys_what_was_reviewed_and_once(checkout: Checkout, api: Api) -> None:
    checkout.git("checkout", "--quiet", "main")
    checkout.git("merge", "--quiet", "--squash", "change")
    merged = checkout.commit("the pull request")
    kept = {file.name: file.read_bytes() for file in (checkout.folder / "reviewed").iterdir()}
    with forges.running() as forge:
        forge.requests_of[merged] = [{"number": 12, "merged_at": "2026-01-01", "merge_commit_sha": merged}]
        own = {"head_repository_id": 1, "repository_id": 1}
        forge.artifacts = [
            {"id": 5, "name": "reviewed-local-12", "expired": False, "created_at": "1", "workflow_run": own}
        ]
        forge.files["/actions/artifacts/5/zip"] = forges.archive(kept)
        environment = github(forge.url)
        applied = checkout.run("review", "apply", "local", "--commit", merged, **environment)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert no_secret_in(applied.stdout + applied.stderr)
        assert pod_template(api)["annotations"]["a"] == "b"
        again = checkout.run("review", "apply", "local", "--commit", merged, **environment)
    assert again.returncode == 1
    assert "the stack was deployed since the review" in again.stderr


def test_a_violated_policy_is_told_and_nothing_is_kept_for_the_merge(checkout: Checkout) -> None:
    program = checkout.folder / "__main__.py"
    sound = program.read_text()
    program.write_text(sound + _SLIP)
    refused = checkout.run("review", "preview", "local")
    program.write_text(sound)
    assert refused.returncode == 1
    told = "inside-the-namespace: stray: belongs into namespace reviewed, not default"
    assert told in refused.stdout, refused.stdout + refused.stderr
    assert told in (checkout.folder / "reviewed" / "comment.md").read_text()
    assert not (checkout.folder / "reviewed" / "plan.json").exists()


def test_drift_has_one_issue_while_it_lasts(checkout: Checkout, api: Api) -> None:
    path = f"/api/v1/namespaces/{_NAMESPACE}/secrets/panda-secrets-msgsvc-envs"
    right = api.get(path)["data"]
    api.merge(path, {"data": {"ACTIVEMQ_BASE_PASSWD": b64encode(b"another-password").decode()}})
    with forges.running() as forge:
        told = documented("python -m panda_infra review drift doma", _STACK)
        found = checkout.run(*told.arguments, **github(forge.url))
        assert "issue opened" in found.stderr, found.stderr
        [issue] = forge.issues
        assert "Secret `msgsvc-envs` is changed" in issue["body"]
        assert no_secret_in(issue["body"])
        api.merge(path, {"data": right})
        gone = checkout.run(*told.arguments, **github(forge.url))
        assert "issue closed" in gone.stderr, gone.stderr
        assert issue["state"] == "closed"


def github(url: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": url,
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": forges.TOKEN,
    }
