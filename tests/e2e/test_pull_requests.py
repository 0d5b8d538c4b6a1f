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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.review.comment import marked_stack, marker
from testbed import stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace, overridden
from tests.support import fast_yaml
from tests.support import forge as forges
from tests.support.ci_jobs import Outcome, github_job, gitlab_job
from tests.support.documented import documented
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "reviewed"
_CANARY = "canary-4711-in-the-broker"
_NOT_LINKED = ("requirements.lock", "policy", "tools")
_REQUEST = 12
_STACK = {"doma": "local"}
_IGNORED = "/state\n/tmp\n/passphrase\n/.venv\n/reviewed*\n/.github_*\n__pycache__\n"
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
        links = [file for file in self.folder.iterdir() if file.is_symlink() and file.name != ".venv"]
        for link in links:
            link.unlink()
        for name in (*_NOT_LINKED, *(link.name for link in links)):
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, self.folder / name)
        (self.folder / ".gitignore").write_text(_IGNORED)
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
        reported = documented("python -m panda_infra plan-changes origin/main", {"origin/main": base})
        done = self.run(*reported.arguments, "--json")
        assert done.returncode == 0, done.stderr
        changes: dict[str, Any] = json.loads(done.stdout)
        return changes

    def configure(self, **annotations: str) -> None:
        broker = {"activemq": {"annotations": annotations}}
        self.workspace.configure({"panda-infra:components": {"msgsvc": broker}})


@dataclass(frozen=True)
class Jobs:
    """The jobs of a platform in a checkout, with a forge on loopback."""

    checkout: Checkout
    platform: str
    forge: str
    base: str

    def preview(self, commit: str) -> Outcome:
        return self._run("preview.yml", "preview", commit)

    def tidy(self) -> Outcome:
        return self._run("preview.yml", "tidy", "")

    def deploy(self, commit: str) -> Outcome:
        return self._run("deploy.yml", "merged" if self.platform == "github" else "deploy", commit)

    def _run(self, file: str, job: str, commit: str) -> Outcome:
        environment = self.checkout.workspace.environment()
        folder = self.checkout.folder
        if self.platform == "gitlab":
            variables = {
                "STACK": "local",
                "CI_MERGE_REQUEST_IID": str(_REQUEST),
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": self.base,
                "CI_COMMIT_BEFORE_SHA": self.base,
                "CI_COMMIT_SHA": commit,
            }
            return gitlab_job(job, folder, environment | variables | forges.gitlab(self.forge))
        expressions = {
            "matrix.stack": "local",
            "github.event.number": str(_REQUEST),
            "github.event.pull_request.base.sha": self.base,
            "github.event.pull_request.head.sha": commit,
            "github.token": forges.TOKEN,
            "vars.PULUMI_BACKEND_URL": environment["PULUMI_BACKEND_URL"],
            "secrets.PULUMI_CONFIG_PASSPHRASE": Path(
                environment["PULUMI_CONFIG_PASSPHRASE_FILE"]
            ).read_text(),
        }
        own = {key: value for key, value in environment.items() if key != "PULUMI_CONFIG_PASSPHRASE_FILE"}
        runner = forges.github(self.forge) | {"GITHUB_SHA": commit}
        return github_job(file, job, folder, expressions, own | runner)


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
    deployed = workspace.up()
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


def test_a_site_is_compared_and_deployed_as_each_commit_has_it(checkout: Checkout) -> None:
    here = checkout.git("rev-parse", "HEAD")
    site = checkout.folder / "sites" / "here.yaml"
    stack = fast_yaml.load(checkout.workspace.stack_file.read_text())["config"]
    shared = {key: stack[f"panda-infra:{key}"] for key in ("cluster", "storage", "components")}
    site.write_text(fast_yaml.dump(shared))
    said = {f"panda-infra:{key}": None for key in shared}
    checkout.workspace.configure({**said, "panda-infra:site": "here"})
    moved = checkout.commit("share what the site's stacks have in common")
    assert checkout.changes(here) == {"touched": [], "removed": [], "changes": []}

    shared["components"]["msgsvc"]["activemq"]["annotations"]["a"] = "of the site"
    site.write_text(fast_yaml.dump(shared))
    checkout.commit("annotate the brokers of the site")
    [change] = checkout.changes(moved)["changes"]
    paths = {each["path"]: each["after"] for each in change["differences"]}
    assert paths == {"components.msgsvc.values.activemq.podAnnotations.a": "of the site"}
    previewed = checkout.workspace.preview("--diff")
    assert previewed.code == 0, previewed.text
    assert "of the site" in previewed.text
    explained = checkout.run("explain", "local", "storage.class", "--json")
    assert json.loads(explained.stdout)[0]["origin"].startswith("sites/here.yaml, line ")

    site.rename(site.with_name("there.yaml"))
    refused = checkout.workspace.preview()
    assert refused.code != 0
    assert "site: there is no file sites/here.yaml; did you mean there?" in refused.text
    assert "is missing" not in refused.text
    site.with_name("there.yaml").unlink()
    checkout.git("reset", "--quiet", "--hard", here)


def test_a_commit_that_cannot_be_reported_counts_as_touched(checkout: Checkout) -> None:
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
    reported = documented("python -m panda_infra review preview doma", _STACK)
    previewed = checkout.run(*reported.arguments, "--since", "main", "--commit", "c0ffee")
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


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_the_merge_deploys_what_was_reviewed_and_once(checkout: Checkout, api: Api, platform: str) -> None:
    """By the jobs of the platform, line by line; the last one cannot verify pods that are simulated."""
    checkout.git("checkout", "--quiet", "-B", "proposed", "main")
    checkout.configure(merged=platform)
    proposed = checkout.commit(f"change it on {platform}")
    with forges.running() as forge:
        jobs = Jobs(checkout, platform, forge.url, base=checkout.git("rev-parse", "main"))
        previewed = jobs.preview(proposed)
        assert previewed.passed, previewed.log
        [comment] = forge.comments[_REQUEST]
        assert "### Stack `local`: 1 changed" in comment["body"]
        assert proposed in comment["body"]
        checkout.git("checkout", "--quiet", "main")
        checkout.git("merge", "--quiet", "--squash", "proposed")
        merged = checkout.commit("the request")
        kept = {file.name: file.read_bytes() for file in (checkout.folder / "reviewed").iterdir()}
        forges.merge(forge, "local", _REQUEST, merged, kept)
        shutil.rmtree(checkout.folder / "reviewed")
        applied = jobs.deploy(merged)
        assert applied.code == INCOMPLETE, applied.log
        assert "msgsvc.round-trip" in applied.log
        assert no_secret_in(previewed.log + applied.log)
        assert pod_template(api)["annotations"]["merged"] == platform
        again = jobs.deploy(merged)
    assert again.code not in {0, INCOMPLETE}
    assert "the stack was deployed since the review" in again.log


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_what_a_push_does_not_preview_is_reported(checkout: Checkout, platform: str) -> None:
    checkout.git("checkout", "--quiet", "-B", "removal", "main")
    other = checkout.folder / "Pulumi.other.yaml"
    shutil.copy(checkout.workspace.stack_file, other)
    base = checkout.commit("add a stack")
    other.unlink()
    checkout.commit("remove it")
    with forges.running() as forge:
        forge.comments[_REQUEST] = [{"id": 1, "body": f"{marker('doma')}\nwhat an earlier push did"}]
        tidied = Jobs(checkout, platform, forge.url, base).tidy()
        reported = [each["body"] for each in forge.comments[_REQUEST]]
    checkout.git("checkout", "--quiet", "main")
    assert tidied.passed, tidied.log
    assert [marked_stack(text) for text in reported] == ["doma", "other"]
    assert "no change any more" in reported[0]
    assert f"git switch --detach {base}\n    python -m panda_infra destroy other" in reported[1]


def test_a_stack_that_the_backend_does_not_know(checkout: Checkout, tmp_path: Path) -> None:
    elsewhere = {"PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    refused = checkout.run("review", "preview", "local", **elsewhere)
    assert refused.returncode == 1
    comment = (checkout.folder / "reviewed" / "comment.md").read_text()
    assert "the preview did not begin" in comment
    assert "`python -m panda_infra init STACK`" in comment
    with forges.running() as forge:
        looked = checkout.run("review", "drift", "local", **elsewhere, **forges.github(forge.url))
        assert (looked.returncode, forge.issues) == (0, [])
    assert "not deployed, nothing new" in looked.stderr


def test_a_violated_policy_is_reported_and_nothing_is_kept_for_the_merge(checkout: Checkout) -> None:
    program = checkout.folder / "__main__.py"
    sound = program.read_text()
    program.write_text(sound + _SLIP)
    refused = checkout.run("review", "preview", "local")
    program.write_text(sound)
    assert refused.returncode == 1
    reported = "inside-the-namespace: stray: belongs into namespace reviewed, not default"
    assert reported in refused.stdout, refused.stdout + refused.stderr
    assert reported in (checkout.folder / "reviewed" / "comment.md").read_text()
    assert not (checkout.folder / "reviewed" / "plan.json").exists()


def test_drift_has_one_issue_while_it_lasts(checkout: Checkout, api: Api) -> None:
    path = f"/api/v1/namespaces/{_NAMESPACE}/secrets/panda-secrets-msgsvc-envs"
    right = api.get(path)["data"]
    api.merge(path, {"data": {"ACTIVEMQ_BASE_PASSWD": b64encode(b"another-password").decode()}})
    with forges.running() as forge:
        reported = documented("python -m panda_infra review drift doma", _STACK)
        found = checkout.run(*reported.arguments, **forges.github(forge.url))
        assert "issue opened" in found.stderr, found.stderr
        [issue] = forge.issues
        assert "Secret `msgsvc-envs` is changed" in issue["body"]
        assert no_secret_in(issue["body"])
        api.merge(path, {"data": right})
        gone = checkout.run(*reported.arguments, **forges.github(forge.url))
        assert "issue closed" in gone.stderr, gone.stderr
        assert issue["state"] == "closed"


@pytest.mark.long
def test_an_object_of_a_release_that_was_deleted_by_hand_is_in_the_issue(
    checkout: Checkout, api: Api
) -> None:
    api.delete(f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/panda-msgsvc-activemq")
    with forges.running() as forge:
        found = checkout.run("review", "drift", "local", **forges.github(forge.url))
        assert "issue opened" in found.stderr, found.stderr
        [issue] = forge.issues
        assert "Release `msgsvc` is changed" in issue["body"]
        assert "`Deployment panda-msgsvc-activemq is missing`" in issue["body"]
        repaired = checkout.workspace.up("--refresh")
        assert repaired.code == 0, repaired.text
        gone = checkout.run("review", "drift", "local", **forges.github(forge.url))
        assert "issue closed" in gone.stderr, gone.stderr
        assert issue["state"] == "closed"
