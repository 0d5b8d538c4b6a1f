"""The objects of databases that mariadb-operator makes."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.plan.demands import demands
from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from panda_infra.plan.mariadb import ARCHIVE_SECRET, ROOT_SECRET, STAGES, mariadb_objects, operated_mariadb
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.monitoring.logs import sources
from panda_infra.plan.summary import summary
from panda_infra.products.ctao.dirac_database import RIGHTS
from panda_infra.products.ctao.tables import DIRAC, DIRACX
from tests.support import ctao
from tests.support.stacks import stack

TRUST = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
BACKUP = {"endpoint": "https://s3.site.org", "bucket": "my-archive", "trust": TRUST}
_SERVER = "panda-harvester-mariadb-server"


def sections(backup: dict[str, Any] | None = None, **servers: Any) -> dict[str, Any]:
    """The sections of a stack whose Harvester has the operator's MariaDB."""
    database = {"size": "20Gi", **servers}
    host = f"{_SERVER}-primary" if database.get("instances", 1) > 1 else _SERVER
    harvester = {"mariadb": {"enabled": False}, "settings": {"database": {"host": host}}}
    section = {"operator": "mariadb-operator", "databases": {"harvester": database}}
    return {
        "hosts": {},
        "components": {"msgsvc": {}, "panda": {}, "harvester": harvester},
        "mariadb": section | ({"backup": backup} if backup else {}),
    }


def planned(backup: dict[str, Any] | None = None, **servers: Any) -> Plan:
    return make_plan("demo", stack(secrets={"hashKey": "x"}, **sections(backup, **servers)))


def of_dirac(*components: str, **more: Any) -> Plan:
    """A stack whose DIRAC has the operator's MariaDB."""
    interfaces = {
        "environment": "staging",
        "rucioDatabase": {"kind": "fixture"},
        "diracDatabase": {"kind": "external", "host": "ctao-dirac-db-mariadb-server"},
    }
    section = {"operator": "mariadb-operator", "databases": {"dirac-bootstrap": {"size": "50Gi"}}}
    wanted = {
        "experiment": "ctao-dpps",
        "interfaces": interfaces,
        "components": {name: ctao.COMPONENTS[name] for name in components},
        "mariadb": section,
        "secrets": {"hashKey": "x"},
        **more,
    }
    return make_plan("ctao", ctao.stack(**wanted))


def objects(plan: Plan) -> dict[tuple[str, str], ClusterObject]:
    return {(each.kind, each.fields["metadata"]["name"]): each for _, each in mariadb_objects(plan)}


def test_there_is_nothing_unless_the_stack_says_so() -> None:
    plan = make_plan("demo", stack())
    assert mariadb_objects(plan) == ()
    assert operated_mariadb(plan) == ()
    assert "MariaDB" not in summary(plan)
    assert ROOT_SECRET not in names_inside(plan)


def test_servers_have_a_name_that_no_chart_has() -> None:
    """The operator would take the StatefulSet of a chart, with its data, for its own."""
    plan = planned()
    own = {plan.names.workload("harvester", part) for part in ("harvester", "mariadb")}
    assert not own & {each.cluster for each in operated_mariadb(plan)}


def test_a_database_is_described_for_its_user() -> None:
    plan = planned()
    found = objects(plan)
    assert {kind for kind, _ in found} == {"MariaDB", "Database", "User", "Grant"}
    spec = found["MariaDB", _SERVER].fields["spec"]
    assert (spec["replicas"], spec["image"]) == (1, "mariadb:11.4")
    assert spec["rootPasswordSecretKeyRef"] == {"name": ROOT_SECRET, "key": "password"}
    assert (spec["storage"]["size"], spec["storage"]["storageClassName"]) == ("20Gi", "standard")
    assert "loose_innodb_snapshot_isolation=OFF\n" in spec["myCnf"]
    assert "replication" not in spec
    user = found["User", f"{_SERVER}-user"].fields["spec"]
    assert user["name"] == "harvester"
    assert user["passwordHashSecretKeyRef"] == {"name": f"{_SERVER}-login", "key": "hash"}
    grant = found["Grant", f"{_SERVER}-harvester"].fields["spec"]
    assert (grant["username"], grant["database"], grant["table"]) == ("harvester", "harvester", "*")
    assert f"{_SERVER} (1 of 20Gi) by mariadb-operator, not archived" in summary(plan)
    assert {_SERVER, f"{_SERVER}-primary", f"{_SERVER}-login"} <= names_inside(plan)
    assert _SERVER in {each.workload for each in sources(plan)}


def test_a_user_may_have_as_many_connections_as_the_servers_leave() -> None:
    """Ten are the operator's default, of which the services of DIRAC would need more."""
    for plan in (planned(), of_dirac("dirac-bootstrap")):
        found = {kind: each.fields["spec"] for (kind, _), each in objects(plan).items()}
        allowed = re.search(r"^max_connections=(\d+)$", found["MariaDB"]["myCnf"], re.MULTILINE)
        assert allowed
        assert 100 < found["User"]["maxUserConnections"] < int(allowed[1])


def test_nothing_inside_of_a_server_is_dropped_with_its_object() -> None:
    inside = [each for (kind, _), each in objects(planned()).items() if kind in ("Database", "User", "Grant")]
    assert len(inside) == 3
    assert {each.fields["spec"]["cleanupPolicy"] for each in inside} == {"Skip"}


@pytest.mark.parametrize(("protect", "kept"), [(True, "Retain"), (False, "Delete")])
def test_volumes_of_a_protected_stack_outlive_their_servers(protect: bool, kept: str) -> None:
    given = {**sections(), "lifecycle": {"protect": protect}, "secrets": {"hashKey": "x"}}
    spec = objects(make_plan("demo", stack(**given)))["MariaDB", _SERVER].fields["spec"]
    assert spec["storage"]["pvcRetentionPolicy"]["whenDeleted"] == kept


def test_each_object_comes_after_those_that_it_needs() -> None:
    order = [each.kind for _, each in mariadb_objects(planned(BACKUP, instances=2))]
    stages = [next(number for number, kinds in enumerate(STAGES) if kind in kinds) for kind in order]
    assert stages == sorted(stages)
    assert set(order) == {kind for kinds in STAGES for kind in kinds}


def test_every_awaited_object_is_awaited_until_the_operator_calls_it_ready() -> None:
    for _, each in mariadb_objects(planned(BACKUP, instances=2)):
        awaited = each.fields["metadata"]["annotations"].get("pulumi.com/waitFor")
        assert awaited == (None if each.kind in (*STAGES[0], "SqlJob") else "condition=Ready")


def test_backups_archive_every_change() -> None:
    plan = planned(BACKUP | {"retention": "4w", "schedule": "@daily", "folder": "sites/demo"}, instances=2)
    found = objects(plan)
    live = found["MariaDB", _SERVER].fields["spec"]
    assert live["replication"]["enabled"] is True
    assert live["pointInTimeRecoveryRef"] == {"name": _SERVER}
    base = found["PhysicalBackup", _SERVER].fields["spec"]
    assert (base["maxRetention"], base["schedule"]["cron"]) == ("672h", "0 0 * * *")
    changes = found["PointInTimeRecovery", _SERVER].fields["spec"]
    assert changes["physicalBackupRef"] == {"name": _SERVER}
    assert changes["strictMode"] is True
    # An open file of changes is not archived.
    closing = found["SqlJob", _SERVER].fields["spec"]
    assert (closing["sql"], closing["username"]) == ("FLUSH LOCAL BINARY LOGS;", "root")
    assert re.fullmatch(r"\*/[0-9]{1,2} \* \* \* \*", closing["schedule"]["cron"])
    places = [each["storage"]["s3"] for each in (base, changes)]
    assert [each["prefix"] for each in places] == [
        f"sites/demo/{_SERVER}/base",
        f"sites/demo/{_SERVER}/changes",
    ]
    for place in places:
        assert (place["endpoint"], place["bucket"]) == ("s3.site.org", "my-archive")
        assert place["tls"]["caSecretKeyRef"] == {"name": ARCHIVE_SECRET, "key": "ca.crt"}
    assert ARCHIVE_SECRET in names_inside(plan)
    assert "archived to bucket my-archive of https://s3.site.org for 4w" in summary(plan)


def test_a_bucket_without_a_certificate_is_reached_without_one() -> None:
    plan = planned({"endpoint": "http://minio.minio:9000", "bucket": "abc"}, instances=2)
    place = objects(plan)["PhysicalBackup", _SERVER].fields["spec"]["storage"]["s3"]
    assert place["endpoint"] == "minio.minio:9000"
    assert "tls" not in place


@given(
    number=st.integers(1, 9999),
    unit=st.sampled_from("dwm"),
    schedule=st.sampled_from(["17 2 * * *", "@hourly", "@daily", "@weekly", "@monthly"]),
)
def test_times_are_what_the_operator_reads(number: int, unit: str, schedule: str) -> None:
    plan = planned(BACKUP | {"retention": f"{number}{unit}", "schedule": schedule}, instances=2)
    spec = objects(plan)["PhysicalBackup", _SERVER].fields["spec"]
    hours = re.fullmatch(r"(\d+)h", spec["maxRetention"])
    assert hours
    assert int(hours[1]) >= number * 24
    assert len(spec["schedule"]["cron"].split()) == 5


def made_in(plan: Plan) -> set[str]:
    """The databases on the servers of a plan."""
    return {each.fields["spec"]["name"] for (kind, _), each in objects(plan).items() if kind == "Database"}


def test_dirac_and_diracx_have_their_databases_on_one_server() -> None:
    assert made_in(of_dirac("dirac-bootstrap")) == set(DIRAC)
    plan = of_dirac("dirac-bootstrap", "diracx-bootstrap")
    both = made_in(plan)
    assert both == {*DIRAC, *DIRACX.values()}
    granted = [each.fields["spec"] for (kind, _), each in objects(plan).items() if kind == "Grant"]
    assert {each["database"] for each in granted} == both
    assert {each["username"] for each in granted} == {"Dirac"}
    assert {tuple(each["privileges"]) for each in granted} == {RIGHTS}
    assert len({name for _, name in objects(plan)}) == len(both) + 2
    for _, name in objects(plan):
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)


def test_the_user_of_dirac_may_do_what_the_job_demands() -> None:
    """The job refuses databases that somebody else made with other rights than these."""
    job = resources.files("panda_infra.products.ctao") / "charts" / "job" / "files" / "mariadb.py"
    text = job.read_text().partition("_RIGHTS = (")[2].partition(")")[0]
    assert tuple("".join(re.findall(r'"([^"]*)"', text)).split(", ")) == RIGHTS


def test_each_replica_of_harvester_has_its_database() -> None:
    given = sections()
    given["components"]["harvester"] |= {"harvester": {"replicas": 2}}
    given["components"]["harvester"]["settings"]["database"]["databasePerReplica"] = True
    plan = make_plan("demo", stack(experiment="lsst", secrets={"hashKey": "x"}, **given))
    made = {
        name: each.fields["spec"]["name"]
        for (kind, name), each in objects(plan).items()
        if kind == "Database"
    }
    assert set(made.values()) == {"harvester", "harvester_0", "harvester_1"}
    assert all("_" not in name for name in made)


def test_iams_database_has_its_character_set() -> None:
    iam = {"settings": {"database": {"host": "iam-mariadb-server"}}}
    section = {"operator": "mariadb-operator", "databases": {"iam": {"size": "5Gi"}}}
    plan = make_plan(
        "demo", stack(hosts={}, components={"iam": iam}, mariadb=section, secrets={"hashKey": "x"})
    )
    found = objects(plan)
    spec = found["Database", "iam-mariadb-server-iam-db"].fields["spec"]
    assert (spec["name"], spec["characterSet"], spec["collate"]) == ("iam_db", "latin1", "latin1_swedish_ci")


def test_images_come_through_the_registry_of_the_stack() -> None:
    given = {**sections(), "registry": {"prefix": "harbor.site.org/proxy", "login": True}}
    plan = make_plan("demo", stack(secrets={"hashKey": "x"}, **given))
    spec = objects(plan)["MariaDB", _SERVER].fields["spec"]
    assert spec["image"].startswith("harbor.site.org/proxy/")
    assert spec["imagePullSecrets"] == [{"name": plan.config.pull_secret}]


def test_the_cluster_must_have_the_operator_and_the_storage_class() -> None:
    fast: dict[str, Any] = {"class": "fast"}
    wanted = {(each.kind, each.name, each.where) for each in demands(planned(None, **fast))}
    assert ("MariaDB", "k8s.mariadb.com", "mariadb.operator") in wanted
    assert ("StorageClass", "fast", "mariadb.databases.harvester.class") in wanted
    assert all(each.kind != "MariaDB" for each in demands(make_plan("demo", stack())))
