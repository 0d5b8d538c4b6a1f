"""The commands' Jobs, made of the CronJobs that a plan makes, in a cluster in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result
from typing_extensions import override

from panda_infra.backup.catalog import Record
from panda_infra.cli import backup as module
from panda_infra.errors import NotAskedError, PandaInfraError
from panda_infra.live import jobs
from panda_infra.live.backups import Backups, chosen
from panda_infra.plan.backup import backup_objects
from panda_infra.plan.developer_rights import rules
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.stacks.access import Access
from tests.support import ctao
from tests.support.command_line import run_in
from tests.support.kubernetes import Call, FakeApi
from tests.support.stacks import known, stack

BATCH = "/apis/batch/v1/namespaces/panda"
PODS = "/api/v1/namespaces/panda/pods"
NAME = "panda/20261130T021700Z"
RECORD = Record(NAME, "postgres", "panda_db", 3 * 1024 * 1024, "ab" * 32)


class Cluster(FakeApi):
    """Each Job has ended when it is looked at, with a log."""

    condition = "Complete"
    log: str | None = f"{RECORD.text()}\nunfinished panda/20261129T021700Z\n"

    @override
    def call(self, method: str, path: str, **options: Any) -> Any:
        if method == "POST" and path == f"{BATCH}/jobs":
            job = dict(options["body"])
            name = job["metadata"]["name"]
            job["status"] = {"conditions": [{"type": self.condition, "status": "True"}]}
            self.add(f"{BATCH}/jobs", job)
            labels = {"app.kubernetes.io/instance": name}
            phase = "Succeeded" if self.condition == "Complete" else "Failed"
            pod = {"metadata": {"name": name, "labels": labels}, "spec": {}, "status": {"phase": phase}}
            self.add(PODS, pod)
            if self.log is not None:
                self.objects[f"{PODS}/{name}/log"] = self.log
            return job
        return super().call(method, path, **options)

    @property
    def made(self) -> list[Any]:
        """The Jobs."""
        return self.within(f"{BATCH}/jobs")


@pytest.fixture
def plan() -> Plan:
    backup = {"to": {"kind": "s3", "endpoint": "https://s3.site.org", "bucket": "backups"}}
    return make_plan("demo", known(secrets={"hashKey": "x"}, backup=backup))


@pytest.fixture
def api(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(jobs, "_PAUSE", 0.0)
    found = Cluster()
    for each in backup_objects(plan):
        if each.kind == "CronJob":
            content = {**each.fields, "metadata": {**each.fields["metadata"], "uid": each.name}}
            found.add(f"{BATCH}/cronjobs", content)
    return found


@pytest.fixture
def command(api: Cluster, plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setattr(module, "planned", lambda _stack: (plan, None))
    monkeypatch.setattr(module, "reached", lambda _plan, _secrets: Access(api))

    def run(*words: str) -> Result:
        return run_in(tmp_path, {}, *words)

    return run


def test_now_runs_the_template_as_it_is(command: Any, api: Cluster) -> None:
    done = command("backup", "now", "demo", "panda")
    assert done.exit_code == 0, done.output
    assert f"{NAME}: 3.0 MiB, sha256 {RECORD.sha256}" in done.output
    (job,) = api.made
    cron_job = api.objects[f"{BATCH}/cronjobs/panda-infra-backup-panda"]
    assert job["spec"]["template"]["spec"] == cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert job["metadata"]["ownerReferences"][0]["controller"] is True
    assert len(job["metadata"]["name"]) <= 63
    assert command("backup", "now", "demo").exit_code == 0
    assert len(api.made) == 1 + 4


def test_a_stack_whose_databases_are_outside_is_told_whose_they_are() -> None:
    outside = {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}}
    config = stack(components={"msgsvc": {}, "panda": outside})
    with pytest.raises(PandaInfraError, match=r"^stack demo runs no database: .* owners' to back up$"):
        chosen(make_plan("demo", config))
    with pytest.raises(PandaInfraError, match="makes no backups: write e"):
        chosen(make_plan("demo", stack()))


def test_list_shows_what_is_there(command: Any, api: Cluster) -> None:
    api.objects[f"{BATCH}/cronjobs/panda-infra-backup-panda"]["status"] = {
        "lastSuccessfulTime": "2026-11-30T02:20:00Z"
    }
    done = command("backup", "list", "demo")
    assert done.exit_code == 0, done.output
    assert "2026-11-30T02:20:00Z" in done.output
    assert NAME in done.output
    assert "panda/20261129T021700Z is not finished" in done.output
    (job,) = api.made
    assert "initContainers" not in job["spec"]["template"]["spec"]
    assert job["spec"]["template"]["spec"]["containers"][0]["command"][-1] == "list"
    assert '"unfinished": [' in command("backup", "list", "demo", "--json").output


def test_verify_fetches_the_newest_and_reads_it(command: Any, api: Cluster) -> None:
    done = command("backup", "verify", "demo")
    assert done.exit_code == 0, done.output
    assert f"{NAME}: can be restored" in done.output
    spec = api.made[-1]["spec"]["template"]["spec"]
    assert spec["initContainers"][0]["command"][-2:] == ["fetch", NAME]
    assert spec["containers"][0]["command"][-1] == "check"
    api.log = ""
    assert "there is no backup yet" in command("backup", "verify", "demo").output


def test_drill_restores_into_a_server_of_its_own(command: Any, api: Cluster) -> None:
    api.log = f"{RECORD.text()}\nrestored 12 tables with 3456 rows\n"
    done = command("backup", "drill", "demo", "panda", "--json")
    assert json.loads(done.stdout)["databases"][0].items() >= {"tables": 12, "rows": 3456}.items()
    spec = api.made[-1]["spec"]["template"]["spec"]
    assert spec["initContainers"][0]["command"][-2:] == ["fetch", NAME]
    (container,) = spec["containers"]
    assert container["command"][-1] == "drill"
    # No log-in: there is nothing live that it could ask.
    assert container["env"] == [
        {"name": "DB_NAME", "value": "panda_db"},
        {"name": "DB_LEAVES_OUT", "value": "partman"},
    ]
    template = api.objects[f"{BATCH}/cronjobs/panda-infra-backup-panda"]["spec"]["jobTemplate"]["spec"]
    before = template["template"]["spec"]
    assert spec["securityContext"] == before["securityContext"]
    assert container["securityContext"] == before["initContainers"][0]["securityContext"]
    assert container["image"] == before["initContainers"][0]["image"]


def test_drill_of_a_log_that_has_no_figures(api: Cluster, plan: Plan) -> None:
    with pytest.raises(NotAskedError, match=f"has restored {NAME}, but its log cannot be read"):
        Backups(api, plan).drill(NAME)


def test_restore_goes_beside_the_live_one(command: Any, api: Cluster) -> None:
    done = command("restore", "demo", "--from", NAME)
    assert f"{NAME} is in the database panda_db_restored" in done.output
    container = api.made[0]["spec"]["template"]["spec"]["containers"][0]
    values = {each["name"]: each.get("value") for each in container["env"]}
    assert (values["INTO"], values["OVERWRITE"]) == ("panda_db_restored", "")
    assert command("restore", "demo", "--from", NAME, "--over-live").exit_code == 0
    values = {
        each["name"]: each.get("value")
        for each in api.made[1]["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert (values["INTO"], values["OVERWRITE"]) == ("panda_db", "yes")
    harvester = NAME.replace("panda", "harvester")
    assert command("restore", "demo", "--from", harvester).exit_code == 0
    assert "DB_ADMINISTRATOR" in str(api.made[2])


def demanded(call: Call) -> tuple[str, str, str]:
    """The right that a request in the namespace needs: group, resource and verb."""
    root, _, path = call.path.partition("/namespaces/")
    group = root.split("/")[2] if root.startswith("/apis/") else ""
    resource, *named = path.split("/")[1:]
    resource = "/".join([resource, *named[1:]])
    verb = {"GET": "get" if named else "list", "POST": "create", "PATCH": "patch", "DELETE": "delete"}
    return group, resource, verb[call.method]


def test_the_owner_of_a_developers_namespace_may_make_every_request(command: Any, api: Cluster) -> None:
    """A user without a right is refused by the first request that changes something, which makes the Job."""
    for words in (
        ("backup", "now", "demo"),
        ("backup", "list", "demo"),
        ("backup", "verify", "demo"),
        ("backup", "drill", "demo"),
        ("restore", "demo", "--from", NAME),
    ):
        command(*words)
    granted = {
        (group, resource, verb)
        for rule in rules("deployer")
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    wanted = set(map(demanded, api.calls)) | {("batch", "jobs", "create")}
    assert ("batch", "cronjobs", "get") in wanted
    assert ("", "pods/log", "get") in wanted
    assert wanted <= granted
    assert {verb for _, _, verb in wanted} == {"create", "get", "list"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("restore", "demo", "--from", NAME, "--into", "panda_db"), "is the live database of panda"),
        (("restore", "demo", "--from", NAME, "--into", "a'b"), "--into a'b: must be letters"),
        (("restore", "demo", "--from", "panda"), "panda is no name of a backup"),
        (("restore", "demo", "--from", "ui/20261130T021700Z"), "backs up nothing of ui"),
        (("backup", "verify", "demo", "nonsense"), "nonsense is no name of a backup"),
        (("backup", "now", "demo", "msgsvc"), "backs up nothing of msgsvc; it does of iam-db, panda"),
        (("restore", "demo", "--from", NAME, "--into", "x", "--over-live"), "leave one of them out"),
    ],
)
def test_what_is_refused_makes_no_job(command: Any, api: Cluster, words: tuple[str, ...], said: str) -> None:
    done = command(*words)
    assert done.exit_code != 0
    assert said in " ".join(done.output.replace("│", " ").split())
    assert api.made == []


def test_a_database_is_not_restored_into_another_live_one(api: Cluster) -> None:
    """One server has many, of which some are empty until a service starts."""
    backup = {"to": {"kind": "claim", "size": "1Gi"}}
    backups = Backups(api, make_plan("ctao", ctao.stack(backup=backup)))
    name = "dirac-db-jobdb/20261130T021700Z"
    for overwrite in (False, True):
        with pytest.raises(PandaInfraError, match="ReqDB is the live database of dirac-db-reqdb"):
            backups.restore(name, "ReqDB", overwrite=overwrite)
    assert api.made == []


def test_what_is_not_deployed_yet(command: Any, api: Cluster) -> None:
    del api.objects[f"{BATCH}/cronjobs/panda-infra-backup-panda"]
    assert "run `pulumi up --stack demo`" in command("backup", "now", "demo", "panda").output


def test_a_job_that_fails_or_hangs_says_why(api: Cluster, plan: Plan) -> None:
    api.condition = "Failed"
    with pytest.raises(PandaInfraError, match="failed:\n  - pod"):
        Backups(api, plan).verify(NAME)
    api.condition = "Suspended"
    with pytest.raises(PandaInfraError, match="has not ended after 0 s; it goes on"):
        Backups(api, plan, seconds=0).verify(NAME)


def test_a_log_that_nobody_may_read(api: Cluster, plan: Plan) -> None:
    api.log = None
    with pytest.raises(PandaInfraError, match="its log cannot be read"):
        Backups(api, plan).listed()


@pytest.mark.parametrize(
    ("log", "words", "task"),
    [
        (
            "error: panda may not read 12 tables, doma_panda.jobs_p2026_08 among them",
            ("backup", "now", "demo", "panda"),
            "psql --username=postgres --dbname=panda_db --command='GRANT pg_read_all_data TO USER'",
        ),
        (
            "error: panda may make no database",
            ("restore", "demo", "--from", NAME, "--into", "before"),
            "createdb --username=postgres --owner=USER before",
        ),
    ],
)
def test_what_only_an_administrator_may_do_is_a_command(
    command: Any, monkeypatch: pytest.MonkeyPatch, log: str, words: tuple[str, ...], task: str
) -> None:
    failed = PandaInfraError(f"job failed:\n{log}")

    def fails(*_arguments: object, **_options: object) -> None:
        raise failed

    monkeypatch.setattr("panda_infra.live.backups.run_to_end", fails)
    done = command(*words)
    assert done.exit_code == 1
    printed = " ".join(done.output.split())
    assert f"`kubectl exec --namespace panda deployment/panda-postgres -- {task}`" in printed
