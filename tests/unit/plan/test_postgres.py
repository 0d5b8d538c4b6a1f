"""The objects of databases that an operator makes."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from panda_infra.delivery.postgres import archive_keys, login
from panda_infra.plan.demands import demands
from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.postgres import ARCHIVE_SECRET, operated, postgres_objects
from panda_infra.plan.summary import summary
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import stand_ins
from tests.support import ctao
from tests.support.stacks import stack

BACKUP = {"endpoint": "https://s3.site.org", "bucket": "pg-archive"}
_COMPONENTS: dict[str, Any] = {
    "msgsvc": {},
    "panda": {"postgres": {"enabled": False}, "settings": {"database": {"host": "panda-postgres-rw"}}},
    "idds": {"postgres": {"enabled": False}, "settings": {"database": {"host": "panda-idds-postgres-rw"}}},
}


def sections(databases: dict[str, Any], backup: dict[str, Any] | None = None) -> dict[str, Any]:
    given = {"operator": "cnpg", "databases": databases}
    return {
        "hosts": {},
        "components": _COMPONENTS,
        "postgres": given | ({"backup": backup} if backup else {}),
    }


def planned(databases: dict[str, Any], backup: dict[str, Any] | None = None) -> Plan:
    return make_plan("demo", stack(secrets={"hashKey": "x"}, **sections(databases, backup)))


def objects(plan: Plan) -> dict[tuple[str, str], ClusterObject]:
    return {(each.kind, each.fields["metadata"]["name"]): each for _, each in postgres_objects(plan)}


def test_there_is_nothing_unless_the_stack_says_so() -> None:
    plan = make_plan("demo", stack())
    assert postgres_objects(plan) == ()
    assert operated(plan) == ()
    assert "PostgreSQL" not in summary(plan)
    assert ARCHIVE_SECRET not in names_inside(plan)


def test_a_database_is_described_for_its_user() -> None:
    plan = planned({"idds": {"size": "20Gi", "instances": 2}})
    ((key, cluster),) = objects(plan).items()
    assert key == ("Cluster", "panda-idds-postgres")
    spec = cluster.fields["spec"]
    assert (spec["instances"], spec["storage"]) == (2, {"size": "20Gi", "storageClass": "standard"})
    assert spec["bootstrap"] == {
        "initdb": {
            "database": "idds_db",
            "owner": "idds",
            "secret": {"name": "panda-idds-postgres-login"},
        }
    }
    assert "plugins" not in spec
    assert "panda-idds-postgres (2 of 20Gi) by CloudNativePG, not archived" in summary(plan)
    assert {"panda-idds-postgres-rw", "panda-idds-postgres-login"} <= names_inside(plan)


def test_backups_archive_every_change() -> None:
    plan = planned({"idds": {"size": "20Gi"}}, BACKUP | {"retention": "4w", "schedule": "@daily"})
    found = objects(plan)
    store = found["ObjectStore", ARCHIVE_SECRET].fields["spec"]
    assert store["retentionPolicy"] == "4w"
    assert store["configuration"]["destinationPath"] == "s3://pg-archive/demo"
    (plugin,) = found["Cluster", "panda-idds-postgres"].fields["spec"]["plugins"]
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"] == {"barmanObjectName": ARCHIVE_SECRET}
    scheduled = found["ScheduledBackup", "panda-idds-postgres"].fields["spec"]
    assert scheduled["schedule"] == "@daily"
    assert scheduled["method"] == "plugin"
    usual = objects(planned({"idds": {"size": "20Gi"}}, BACKUP))
    assert usual["ScheduledBackup", "panda-idds-postgres"].fields["spec"]["schedule"] == "0 47 1 * * *"


def test_the_database_of_panda_gets_its_extensions() -> None:
    plan = planned({"panda": {"size": "20Gi", "image": "ghcr.io/site/postgres:17-panda"}})
    spec = objects(plan)["Cluster", "panda-postgres"].fields["spec"]
    assert spec["imageName"] == "ghcr.io/site/postgres:17-panda"
    assert spec["postgresql"] == {"shared_preload_libraries": ["pg_cron"]}
    assert spec["bootstrap"]["initdb"]["postInitSQL"] == ["CREATE EXTENSION pg_cron"]


def test_the_operator_gets_the_login_that_the_component_has() -> None:
    config = stack(**sections({"idds": {"size": "1Gi"}, "panda": {"size": "1Gi", "image": "a/b:1"}}, BACKUP))
    config = config.model_copy(update={"secrets": stand_ins(config)})
    contents = build(config)
    for each in operated(make_plan("demo", config)):
        found = {key: b64decode(text) for key, text in login(each, contents).items()}
        own = contents[each.database.secret].data
        assert found == {"username": own[each.database.user], "password": own[each.database.password]}
        assert found["password"]
    assert set(archive_keys(config.secrets.postgres)) == {"accessKey", "secretKey"}


def test_rucios_database_is_that_of_its_interface() -> None:
    interfaces = {
        "environment": "staging",
        "rucioDatabase": {"kind": "external", "host": "ctao-rucio-db-postgres-rw"},
    }
    components = {name: each for name, each in ctao.COMPONENTS.items() if name != "rucio-db"}
    section = {"operator": "cnpg", "databases": {"rucio-bootstrap": {"size": "50Gi"}}}
    more = {"postgres": section, "secrets": {"hashKey": "x"}}
    plan = make_plan("ctao", ctao.stack(interfaces=interfaces, components=components, **more))
    (cluster,) = objects(plan).values()
    assert cluster.fields["spec"]["bootstrap"]["initdb"]["owner"] == "rucio"
    assert cluster.fields["metadata"]["name"] == "ctao-rucio-db-postgres"


def test_the_cluster_must_have_operator_and_plugin() -> None:
    def kinds(plan: Plan) -> set[str]:
        return {str(demand.kind) for demand in demands(plan)} & {"Cluster", "ObjectStore"}

    assert kinds(make_plan("demo", stack())) == set()
    assert kinds(planned({"idds": {"size": "1Gi"}})) == {"Cluster"}
    assert kinds(planned({"idds": {"size": "1Gi"}}, BACKUP)) == {"Cluster", "ObjectStore"}
    classes = [
        demand.where
        for demand in demands(planned({"idds": {"size": "1Gi", "class": "fast"}}))
        if demand.name == "fast"
    ]
    assert classes == ["postgres.databases.idds.class"]
