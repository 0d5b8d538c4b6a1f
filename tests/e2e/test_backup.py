"""Backups on the test bed: up makes the CronJobs, the commands make Jobs of them, destroy leaves nothing.

Nothing runs in the bed's pods; tests/e2e/test_backup_drill.py has the databases themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from panda_infra.plan.backup import NAME
from testbed import leftovers, references, stacks
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import canaries
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.pages import Command

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "backed-up"
_BUCKET = {"kind": "s3", "endpoint": "https://s3.cern.ch", "bucket": "panda-backups"}
_BACKUP: dict[str, Any] = {"to": _BUCKET, "leaveOut": ["iam-db"]}
_STACK = {"doma": "local"}
# Backups are of databases alone: what is beside them need not be deployed.
_SECTIONS: dict[str, Any] = {
    "panda-infra:namespace": _NAMESPACE,
    "panda-infra:components": {"iam-db": {}, "iam": {}, "msgsvc": {}, "panda": {}},
    "panda-infra:hosts": {},
    "panda-infra:storage": {"class": "standard"},
    "panda-infra:backup": _BACKUP,
}


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def stack(bed: Bed, before: frozenset[str]) -> Iterator[Workspace]:  # noqa: ARG001 - looked at first
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, _SECTIONS)
    yield workspace
    workspace.destroy()


def objects(api: Api, path: str) -> list[Object]:
    group, _, kind = path.rpartition("/")
    return api.list(f"{group}/namespaces/{_NAMESPACE}/{kind}")


def run(stack: Workspace, command: Command) -> Any:
    return run_in(stack.folder, stack.environment(), *command.words[3:])


def test_up_makes_a_job_for_each_database(stack: Workspace, api: Api, bed: Bed) -> None:
    result = stack.up()
    assert result.code == 0, result.text
    assert {each["metadata"]["name"] for each in objects(api, "/apis/batch/v1/cronjobs")} == {f"{NAME}-panda"}
    assert references.check(bed, _NAMESPACE) == []
    ours = canaries.values(stack.encrypted["panda-infra:secrets"])
    texts = [
        *(json.dumps(objects(api, path)) for path in ("/api/v1/configmaps", "/apis/batch/v1/cronjobs")),
        stack.exported_state(),
    ]
    assert [canaries.found_in(text, ours) for text in texts] == [[]] * len(texts)


def test_up_again_changes_nothing(stack: Workspace) -> None:
    result = stack.up("--json")
    assert result.code == 0, result.text
    assert changes(result.stdout) == ()


def test_the_commands_make_jobs(stack: Workspace, api: Api, bed: Bed) -> None:
    done = run(stack, documented("python -m panda_infra backup now doma panda", _STACK))
    assert done.exit_code == 0, done.output
    (job,) = objects(api, "/apis/batch/v1/jobs")
    assert job["metadata"]["ownerReferences"][0]["name"] == f"{NAME}-panda"
    assert references.check(bed, _NAMESPACE) == []
    # Of a pod in which nothing runs, nobody can read what the list is in; that the Job ran is known.
    for command in (
        documented("python -m panda_infra backup list doma", _STACK),
        documented("python -m panda_infra backup verify doma", _STACK),
    ):
        done = run(stack, command)
        assert done.exit_code == 1
        assert "has listed the backups, but its log cannot be read" in " ".join(done.output.split())
    for command in (
        documented("python -m panda_infra backup drill doma", _STACK),
        documented("python -m panda_infra backup drill doma panda --json", _STACK),
        documented("python -m panda_infra backup drill doma --junit drill.xml", _STACK),
    ):
        done = run(stack, command)
        # Not known is no failure, and never ok.
        assert done.exit_code == 3, done.output
    assert "has listed the backups, but its log" in (stack.folder / "drill.xml").read_text()
    for command in (
        documented(
            "python -m panda_infra restore doma --from panda/20261130T021700Z --into panda_db_before", _STACK
        ),
        documented("python -m panda_infra restore doma --from panda/20261130T021700Z --over-live", _STACK),
    ):
        done = run(stack, command)
        assert done.exit_code == 0, done.output
    restoring = [
        each
        for each in objects(api, "/apis/batch/v1/jobs")
        if each["metadata"]["labels"]["panda-infra/backup-action"] == "restore"
    ]
    assert len(restoring) == 2
    assert references.check(bed, _NAMESPACE) == []


def test_a_claim_in_place_of_a_bucket(stack: Workspace, api: Api) -> None:
    claim = {"kind": "claim", "size": "10Gi"}
    stack.configure({"panda-infra:backup": {**_BACKUP, "to": claim}})
    result = stack.up()
    assert result.code == 0, result.text
    assert NAME in {each["metadata"]["name"] for each in objects(api, "/api/v1/persistentvolumeclaims")}
    assert NAME not in {each["metadata"]["name"] for each in objects(api, "/api/v1/secrets")}


def test_destroy_leaves_nothing(stack: Workspace, bed: Bed, before: frozenset[str]) -> None:
    result = stack.destroy()
    assert result.code == 0, result.text
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()


@pytest.mark.parametrize(
    "command",
    [
        documented("python -m panda_infra secrets set doma backup.accessKey", _STACK),
        documented("python -m panda_infra secrets set doma backup.secretKey", _STACK),
    ],
    ids=str,
)
def test_the_credentials_are_set(command: Command, bed: Bed, tmp_path: Any) -> None:
    workspace = stacks.local(bed, tmp_path / "set", _SECTIONS)
    done = run_in(workspace.folder, workspace.environment(), *command.words[3:], stdin=b"a-key\n")
    assert done.exit_code == 0, done.output
