"""State on a real S3 server: one run at a time on a stack, and nothing is lost when runs meet or die."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import stacks, waiting
from testbed.bed import Bed
from testbed.workspace import Result, Workspace, overridden
from tests.support import s3
from tests.support.documented import documented

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "shared"
_STACK = {"doma": "local"}
_SLOW = {"activemq": {"annotations": {"testbed.panda-infra/ready-after": "2s"}}}


class Shared(Workspace):
    """A workspace whose state lies on the S3 server."""

    def __init__(self, folder: Path, server: s3.Server) -> None:
        super().__init__(folder, "local")
        self.server = server

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **self.server.environment}

    def start_up(self) -> subprocess.Popen[str]:
        """Begin to deploy; returns as soon as the run holds its lock."""
        running = subprocess.Popen(
            ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", self.stack],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        waiting.until(lambda: bool(self.server.locks()) or running.poll() is not None, "its lock", seconds=60)
        assert running.poll() is None, running.communicate()[0]
        return running

    def resources(self) -> set[str]:
        """The names of what the state holds."""
        deployment = json.loads(self.exported_state())["deployment"]
        return {each["urn"].rpartition("::")[2] for each in deployment.get("resources", ())}


@pytest.fixture(scope="module")
def stack(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with s3.running(tmp_path_factory.mktemp("s3")) as server:
        workspace = Shared(bed.state / "stacks" / _NAMESPACE, server)
        sections = {
            "panda-infra:namespace": _NAMESPACE,
            "panda-infra:components": {"msgsvc": _SLOW},
            "panda-infra:hosts": {},
            "panda-infra:storage": {"class": "standard"},
        }
        workspace.create(overridden(stacks.LOCAL, stacks.on_bed(bed) | sections))
        secrets = {"hashKey": "0123456789abcdef" * 4, "msgsvc": {"basePassword": "a-password-of-the-broker"}}
        workspace.encrypt("panda-infra:secrets", secrets)
        yield workspace
        workspace.destroy()


def refused(result: Result) -> bool:
    return result.code != 0 and "the stack is currently locked by 1 lock" in result.text


def test_the_state_lies_on_the_server_and_keeps_secrets_encrypted(stack: Shared) -> None:
    files = [file for file in stack.server.bucket.rglob("*.json") if file.is_file()]
    assert [file for file in files if file.name == "local.json"]
    assert not list((stack.folder / "state").iterdir())
    listed = stack.pulumi(*documented("pulumi stack ls").arguments)
    assert listed.stdout.splitlines()[1].startswith("local"), listed.text


def test_a_second_run_is_refused_while_the_first_one_finishes(stack: Shared) -> None:
    first = stack.start_up()
    assert refused(stack.up())
    text, _ = first.communicate(timeout=120)
    assert first.returncode == 0, text
    assert stack.server.locks() == []
    assert {"namespace", "msgsvc", "msgsvc-envs"} <= stack.resources()
    for file in stack.server.bucket.rglob("*"):
        assert not file.is_file() or b"a-password-of-the-broker" not in file.read_bytes(), file


def test_the_lock_of_a_killed_run_is_released_by_hand_and_nothing_is_lost(stack: Shared) -> None:
    before = stack.resources()
    killed = stack.start_up()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert refused(stack.up())
    reported = documented("pulumi cancel --stack doma", _STACK)
    assert stack.pulumi(*reported.arguments, "--yes").code == 0
    assert stack.resources() == before
    again = stack.up("--expect-no-changes")
    assert again.code == 0, again.text


def test_a_state_moves_with_its_secrets(stack: Shared) -> None:
    (stack.server.bucket.parent / "moved").mkdir()
    address = stack.server.environment["PULUMI_BACKEND_URL"].replace(s3.BUCKET, "moved")
    reported = [
        documented("pulumi stack export --stack doma --file doma.json", _STACK),
        documented("PULUMI_BACKEND_URL='s3://...' pulumi stack init doma", {**_STACK, "s3://...": address}),
        documented(
            "PULUMI_BACKEND_URL='s3://...' pulumi stack import --stack doma --file doma.json",
            {**_STACK, "s3://...": address},
        ),
        documented("shred -u doma.json", _STACK),
    ]
    before = stack.resources()
    script = "\n".join(["set -e", *(command.text for command in reported)])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=stack.folder,
        env=stack.environment() | {"PULUMI_SKIP_CONFIRMATIONS": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (stack.folder / "local.json").exists()
    there = {"PULUMI_BACKEND_URL": address}
    same = stack.pulumi("preview", "--expect-no-changes", "--stack", "local", environment=there)
    assert same.code == 0, same.text
    moved = stack.pulumi("stack", "export", "--stack", "local", environment=there)
    assert {
        each["urn"].rpartition("::")[2] for each in json.loads(moved.stdout)["deployment"]["resources"]
    } == before
