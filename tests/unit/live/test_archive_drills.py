"""Drills of archives: what the operators get, what is counted, and that nothing stays and nothing live is touched."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.errors import NotAskedError, PandaInfraError, WrongError
from panda_infra.live import archive_drills
from panda_infra.live.archive_drills import DRILL, ArchiveDrills
from panda_infra.live.archives import Archived, archived, unarchived
from panda_infra.live.backups import Restored
from panda_infra.plan.model import Plan
from panda_infra.plan.network.databases import database_label
from panda_infra.plan.ownership import MARK
from tests.support.kubernetes import FakeApi
from tests.unit.plan import test_mariadb, test_postgres

_POSTGRES, _MARIADB = "panda-idds-postgres", "panda-harvester-mariadb-server"
_INSIDE = "/api/v1/namespaces/panda"
_CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/panda/clusters"
_SERVERS = "/apis/k8s.mariadb.com/v1alpha1/namespaces/panda/mariadbs"
_JOBS = "/apis/batch/v1/namespaces/panda/jobs"
_LAST = "2026-11-30T03:00:00Z"


class Operators(FakeApi):
    """Serves each new object of both operators at once, and ends each Job as ``job`` says, with a log."""

    serves: bool = True
    job: str = "Complete"
    log: str = "restored 12 tables with 3456 rows\n"

    def __init__(self, *, archived: bool = True) -> None:
        super().__init__()
        window = {"firstRecoverabilityPoint": "2026-11-01T01:47:09Z", "lastSuccessfulBackupTime": _LAST}
        store = "/apis/barmancloud.cnpg.io/v1/namespaces/panda/objectstores/panda-infra-postgres-archive"
        changes = f"/apis/k8s.mariadb.com/v1alpha1/namespaces/panda/pointintimerecoveries/{_MARIADB}"
        if archived:
            self.objects[store] = {"status": {"serverRecoveryWindow": {_POSTGRES: window}}}
            self.objects[changes] = {"status": {"lastRecoverableTime": _LAST}}
        for path, name in ((_CLUSTERS, _POSTGRES), (_SERVERS, _MARIADB)):
            self.add(path, {"metadata": {"name": name}})

    def call(self, method: str, path: str, **more: Any) -> Any:
        if path.endswith("/log"):
            return self.log
        found = super().call(method, path, **more)
        if method == "POST":
            self._made(path, more["body"])
        return found

    def _made(self, path: str, body: Mapping[str, Any]) -> None:
        name = body["metadata"]["name"]
        if path == _JOBS:
            kinds, phase = [self.job], "Succeeded" if self.job == "Complete" else "Failed"
            labels = body["spec"]["template"]["metadata"]["labels"]
            pod = {"metadata": {"name": f"{name}-x", "labels": labels}, "status": {"phase": phase}}
            self.add(f"{_INSIDE}/pods", pod)
        else:
            kinds = ["Ready", "BinlogsReplayed"] if self.serves else []
            labels = {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}
            containers = [{"name": "postgres", "image": "registry/postgres:17"}]
            pod = {"metadata": {"name": f"{name}-1", "labels": labels}, "spec": {"containers": containers}}
            if self.serves:
                self.add(f"{_INSIDE}/pods", pod)
        made = self.objects[f"{path}/{name}"]
        made["metadata"]["uid"] = "a-uid"
        made["status"] = {"conditions": [{"type": each, "status": "True"} for each in kinds]}

    def of(self, path: str) -> list[str]:
        return [each["metadata"]["name"] for each in self.within(path)]

    @property
    def posted(self) -> dict[str, Mapping[str, Any]]:
        return {call.path: call.body or {} for call in self.calls if call.method == "POST"}


def plan(engine: str) -> Plan:
    if engine == "postgres":
        return test_postgres.planned({"idds": {"size": "1Gi", "instances": 3}}, test_postgres.BACKUP)
    return test_mariadb.planned(test_mariadb.BACKUP, instances=3)


def only(made: Plan) -> Archived:
    (found,) = archived(made)
    return found


def drilled(api: FakeApi, engine: str, seconds: float = 1) -> Restored:
    made = plan(engine)
    each = only(made)
    return ArchiveDrills(api, made, seconds).drill(each, each.newest(api, made))


@pytest.mark.parametrize(
    ("engine", "path", "live"), [("postgres", _CLUSTERS, _POSTGRES), ("mariadb", _SERVERS, _MARIADB)]
)
def test_servers_are_made_beside_the_live_ones_counted_and_removed(engine: str, path: str, live: str) -> None:
    api = Operators()
    before = dict(api.objects)
    assert drilled(api, engine) == Restored(12, 3456)
    described = api.posted[path]
    name = described["metadata"]["name"]
    assert name.startswith(f"{live}-drill-")
    assert len(name) <= 42
    assert described["metadata"]["labels"] == {DRILL: live}
    assert described["metadata"]["annotations"][MARK]
    # They must never write to the archive that they read.
    assert not {"plugins", "pointInTimeRecoveryRef"} & described["spec"].keys()
    assert api.deleted == [f"{path}/{name}"]
    (deletion,) = (call for call in api.calls if call.method == "DELETE")
    assert ("propagationPolicy", "Foreground") in deletion.query
    assert all(api.objects[each] == content for each, content in before.items())
    assert [call.path for call in api.calls if call.method not in ("GET", "POST", "DELETE")] == []


def test_postgres_is_restored_as_far_as_its_archive_goes_into_one_server() -> None:
    api = Operators()
    drilled(api, "postgres")
    spec = api.posted[_CLUSTERS]["spec"]
    assert "recoveryTarget" not in spec["bootstrap"]["recovery"]
    assert spec["instances"] == 1


def test_mariadb_is_restored_until_its_last_change_into_the_fewest_servers_that_replicate() -> None:
    api = Operators()
    drilled(api, "mariadb")
    spec = api.posted[_SERVERS]["spec"]
    assert spec["bootstrapFrom"]["targetRecoveryTime"] == _LAST
    assert (spec["replicas"], spec["replication"]) == (2, {"enabled": True})


@pytest.mark.parametrize(
    ("engine", "image", "given"),
    [
        ("postgres", "registry/postgres:17", ("-rw", "5432", "idds_db", "IDDS_DATABASE_USER")),
        ("mariadb", "mariadb:11.4", ("-primary", "3306", "HARVESTER", "MARIADB_USER")),
    ],
)
def test_the_job_asks_the_restored_servers_alone(
    engine: str, image: str, given: tuple[str, str, str, str]
) -> None:
    api = Operators()
    drilled(api, engine)
    job = api.posted[_JOBS]
    (server,) = (body for path, body in api.posted.items() if path != _JOBS)
    name = server["metadata"]["name"]
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == (server["kind"], name, "a-uid")
    template = job["spec"]["template"]
    # Their network policies let it in.
    assert database_label(only(plan(engine)).cluster).items() <= template["metadata"]["labels"].items()
    (container,) = template["spec"]["containers"]
    assert container["image"].startswith(image)
    env = {
        each["name"]: each["value"] if "value" in each else each["valueFrom"]["secretKeyRef"]["key"]
        for each in container["env"]
    }
    assert env["DB_HOST"] == f"{name}{given[0]}"
    assert env["DB_PORT"] == given[1]
    assert given[2].casefold() in env["DB_NAME"].casefold()
    assert env["DB_USER"] == given[3]


def test_kubernetes_gives_the_script_as_it_is(tmp_path: Path) -> None:
    api = Operators()
    drilled(api, "postgres")
    (container,) = api.posted[_JOBS]["spec"]["template"]["spec"]["containers"]
    bash, option, script, name, word = container["command"]
    # As a kubelet does with each part of a command.
    assert "$" not in script.replace("$$", "")
    shown = subprocess.run(
        [bash, option, script.replace("$$", "$"), name, "wrong"],
        env={"WORK": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.returncode, word) == (1, "count")
    assert "count is expected" in shown.stderr


def test_what_a_killed_drill_has_left_is_removed_and_nothing_else() -> None:
    api, made = Operators(), plan("postgres")
    mark = made.owner.mark
    labels = {DRILL: _POSTGRES}
    api.add(
        _CLUSTERS,
        {"metadata": {"name": "left", "labels": labels, "annotations": mark}},
        {
            "metadata": {
                "name": "of-another-stack",
                "labels": labels,
                "annotations": {MARK: "panda-infra/b/0"},
            }
        },
        {"metadata": {"name": "of-another-database", "labels": {DRILL: "other"}, "annotations": mark}},
        {"metadata": {"name": "restored-by-hand", "annotations": mark}},
    )
    # Even if somebody gave the label to the live one.
    api.objects[f"{_CLUSTERS}/{_POSTGRES}"]["metadata"] |= {"labels": labels, "annotations": mark}
    drilled(api, "postgres")
    assert api.deleted[0] == f"{_CLUSTERS}/left"
    assert api.of(_CLUSTERS) == [_POSTGRES, "of-another-stack", "of-another-database", "restored-by-hand"]


@pytest.mark.parametrize(
    ("broken", "error", "words"),
    [
        ({"serves": False}, PandaInfraError, "does not serve after 0 s"),
        ({"job": "Failed"}, PandaInfraError, r"job panda-idds-postgres-drill-\w+-count failed"),
        ({"log": "nothing"}, NotAskedError, "cannot be read: who may read logs"),
    ],
)
def test_servers_go_whatever_happens(broken: dict[str, Any], error: type[Exception], words: str) -> None:
    api = Operators()
    for name, value in broken.items():
        setattr(api, name, value)
    with pytest.raises(error, match=words):
        drilled(api, "postgres", 0)
    assert api.of(_CLUSTERS) == [_POSTGRES]


def test_servers_go_when_somebody_interrupts() -> None:
    class Interrupted(Operators):
        def _made(self, path: str, body: Mapping[str, Any]) -> None:
            if path == _JOBS:
                raise KeyboardInterrupt
            super()._made(path, body)

    api = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        drilled(api, "postgres")
    assert api.of(_CLUSTERS) == [_POSTGRES]


def test_servers_that_stay_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class Holding(Operators):
        def call(self, method: str, path: str, **more: Any) -> Any:
            return None if method == "DELETE" else super().call(method, path, **more)

    monkeypatch.setattr(archive_drills, "_GONE_AFTER", 0.0)
    with pytest.raises(
        PandaInfraError, match=r"of the drill is not gone .*`kubectl get clusters.postgresql.cnpg.io"
    ):
        drilled(Holding(), "postgres")


def test_the_reason_of_a_failure_is_not_lost_if_the_servers_stay_too() -> None:
    class Stubborn(Operators):
        def call(self, method: str, path: str, **more: Any) -> Any:
            if method == "DELETE":
                raise KubernetesError("no")
            return super().call(method, path, **more)

    api = Stubborn()
    api.serves = False
    with pytest.raises(PandaInfraError, match="does not serve"):
        drilled(api, "postgres", 0)


def test_without_an_image_nothing_is_counted() -> None:
    class Hidden(Operators):
        def _made(self, path: str, body: Mapping[str, Any]) -> None:
            super()._made(path, body)
            self.objects = {each: one for each, one in self.objects.items() if "/pods/" not in each}

    api = Hidden()
    with pytest.raises(NotAskedError, match="serves, but nothing shows its image"):
        drilled(api, "postgres")
    assert api.of(_CLUSTERS) == [_POSTGRES]


@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_an_empty_archive_is_no_archive(engine: str) -> None:
    api = Operators(archived=False)
    with pytest.raises(WrongError, match="the archive has no base backup"):
        drilled(api, engine)
    assert api.posted == {}


def test_schemas_of_administrators_are_left_out() -> None:
    image = {"size": "1Gi", "image": "a/b:1"}
    assert only(test_postgres.planned({"panda": image}, test_postgres.BACKUP)).leaves_out == ("partman",)
    assert only(plan("postgres")).leaves_out == ()


def test_a_database_without_an_archive_is_known() -> None:
    assert [each.cluster for each in unarchived(test_mariadb.planned())] == [_MARIADB]
    assert unarchived(plan("mariadb")) == ()
