"""The objects of backups."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.backup import NAME, BackedUp, administrator, backed_up, backup_objects, uses_bucket
from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.summary import summary
from tests.support import ctao
from tests.support.stacks import known

BUCKET = {"kind": "s3", "endpoint": "https://s3.site.org", "bucket": "panda-backups"}
CLAIM = {"kind": "claim", "size": "10Gi"}


def plan(backup: dict[str, Any] | None, **sections: Any) -> Plan:
    given = {"backup": backup} if backup else {}
    return make_plan("demo", known(secrets={"hashKey": "x"}, **given, **sections))


def objects(backup: dict[str, Any], **sections: Any) -> dict[str, ClusterObject]:
    return {each.name: each for each in backup_objects(plan(backup, **sections))}


def pod(found: dict[str, ClusterObject], name: str = "panda") -> dict[str, Any]:
    template: dict[str, Any] = found[name].fields["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return template


def of(made: Plan, name: str) -> BackedUp:
    return next(each for each in backed_up(made) if each.name == name)


def test_there_is_nothing_unless_the_stack_says_so() -> None:
    plain = plan(None)
    assert backup_objects(plain) == ()
    assert NAME not in names_inside(plain)
    assert "Backups" not in summary(plain)


def test_each_database_inside_is_dumped_by_its_own_image() -> None:
    made = plan({"to": BUCKET})
    assert {each.name: (each.image, each.host, each.database) for each in backed_up(made)} == {
        "iam-db": ("mariadb:11.4", "iam-db-mariadb", "iam_db"),
        "panda": ("ghcr.io/pandawms/panda-database:0.1.5-2", "panda-postgres", "panda_db"),
        "harvester": ("mariadb:11.4", "panda-harvester-mariadb", "harvester"),
        "idds": ("postgres:13.6", "panda-idds-postgres", "idds_db"),
    }
    assert {NAME, f"{NAME}-idds"} <= names_inside(made)
    assert "databases of iam-db, panda, harvester, idds" in summary(made)


def test_what_is_left_out_or_elsewhere_is_not_dumped() -> None:
    components = {
        "msgsvc": {},
        "panda": {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}},
        "idds": {"postgres": {"image": {"tag": "13.9"}}},
        "harvester": {},
    }
    made = plan({"to": BUCKET, "leaveOut": ["harvester"]}, components=components, hosts={})
    assert [(each.name, each.image) for each in backed_up(made)] == [("idds", "postgres:13.9")]


def test_databases_of_replicas_are_dumped_one_by_one() -> None:
    components = {
        "msgsvc": {},
        "panda": {},
        "harvester": {
            "harvester": {"replicas": 2},
            "settings": {"database": {"databasePerReplica": True}},
        },
    }
    made = plan({"to": BUCKET, "leaveOut": ["panda"]}, components=components, hosts={})
    assert {each.name: each.database for each in backed_up(made)} == {
        "harvester-0": "harvester_0",
        "harvester-1": "harvester_1",
    }


def test_the_databases_of_dpps_are_dumped() -> None:
    config = ctao.stack(backup={"to": CLAIM})
    made = make_plan("demo", config)
    found = {each.name: (each.host, each.database) for each in backed_up(made)}
    assert found["rucio-db"] == ("ctao-rucio-db-postgres", "rucio")
    assert found["dirac-db-jobdb"] == ("ctao-dirac-db-mariadb", "JobDB")
    assert found["fts"] == ("ctao-fts-mariadb", "fts")


def test_pods_have_few_rights() -> None:
    found = pod(objects({"to": BUCKET}))
    assert found["automountServiceAccountToken"] is False
    assert found["securityContext"]["runAsNonRoot"] is True
    for each in (*found["initContainers"], *found["containers"]):
        assert each["securityContext"]["readOnlyRootFilesystem"] is True
        assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    names = {variable["name"] for each in found["containers"] for variable in each["env"]}
    assert not {name for name in names if name.startswith("DB_")}, "only the first container logs in"


def test_root_logs_in_for_a_restore_only() -> None:
    made = plan({"to": BUCKET})
    assert "ROOT" not in str(backup_objects(made)[2:])
    (variable,) = administrator(made, of(made, "harvester"))
    assert variable["valueFrom"]["secretKeyRef"]["key"] == "MARIADB_ROOT_PASSWORD"
    assert administrator(made, of(made, "panda")) == []


def test_a_claim_needs_no_secret() -> None:
    made = plan({"to": CLAIM})
    assert uses_bucket(plan({"to": BUCKET}))
    assert not uses_bucket(made)
    claim = objects({"to": CLAIM})["claim"].fields["spec"]
    assert claim["resources"]["requests"]["storage"] == "10Gi"
    assert {"name": "backups", "persistentVolumeClaim": {"claimName": NAME}} in pod(objects({"to": CLAIM}))[
        "volumes"
    ]


@pytest.mark.parametrize("module", ["panda_infra.backup"])
def test_the_config_map_is_a_whole_program(module: str, tmp_path: Path) -> None:
    found = objects({"to": BUCKET})
    content = found["program"].fields["data"]
    volume = next(each for each in pod(found)["volumes"] if each["name"] == "program")
    for item in volume["configMap"]["items"]:
        path = tmp_path / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content[item["key"]])
    # -I: neither this checkout nor its packages.
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import runpy; runpy.run_module('{module}')"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for script in ("postgres", "mariadb"):
        file = tmp_path / "panda_infra" / "backup" / "scripts" / f"{script}.sh"
        assert subprocess.run(["bash", "-n", str(file)], check=False).returncode == 0
    assert sum(map(len, content.values())) < 200_000
