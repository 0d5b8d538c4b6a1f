"""The pods of databases by an operator: who reaches them, and whom they reach, with network policies."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from panda_infra.live.archives import archived
from panda_infra.plan.make import make_plan
from panda_infra.plan.mariadb import mariadb_objects
from panda_infra.plan.model import Plan
from panda_infra.plan.network.databases import database_label
from panda_infra.plan.network.policies import policies
from panda_infra.plan.postgres import postgres_objects
from panda_infra.products.registry import COMPONENTS
from tests.support.network_policies import Cluster, End
from tests.support.stacks import stack
from tests.unit.plan.test_mariadb import BACKUP, sections
from tests.unit.plan.test_postgres import BACKUP as OF_POSTGRES

_POSTGRES, _MARIADB = "panda-idds-postgres", "panda-harvester-mariadb-server"
_BUCKET = {"endpoint": "http://10.9.9.9:9000", "bucket": "archive"}


@cache
def plan() -> Plan:
    """A stack with a database of each operator, which archive to an address."""
    given: dict[str, Any] = sections(_BUCKET, instances=2)
    given["mariadb"]["namespace"] = "mariadb"
    given["components"]["idds"] = {
        "postgres": {"enabled": False},
        "settings": {"database": {"host": f"{_POSTGRES}-rw"}},
    }
    given["postgres"] = {
        "operator": "cnpg",
        "namespace": "cnpg-system",
        "databases": {"idds": {"size": "1Gi", "instances": 2}},
        "backup": OF_POSTGRES | _BUCKET,
    }
    given["monitoring"] = {"kind": "annotations", "namespace": "monitoring"}
    policies = {"kind": "standard", "apiServer": ["192.0.2.1/32"]}
    return make_plan("demo", stack(networkPolicies=policies, secrets={"hashKey": "x"}, **given))


@cache
def cluster() -> Cluster:
    made = [
        {"metadata": {"name": each.name, "namespace": "panda"}, "spec": each.spec}
        for each in policies(plan())
    ]
    return Cluster(made)


def database(name: str, address: str = "10.42.0.1") -> End:
    return End("panda", address, database_label(name) | {"app.kubernetes.io/name": "anything"})


def pod(component: str, part: str) -> End:
    labels = COMPONENTS[component].sub_component(part).pod_labels(plan().names.release(component))
    return End("panda", "10.42.0.2", labels)


@pytest.mark.parametrize(
    ("name", "port", "users", "strangers"),
    [
        (_POSTGRES, 5432, [("idds", "rest")], [("harvester", "harvester")]),
        (_MARIADB, 3306, [("harvester", "harvester")], [("idds", "rest"), ("panda", "server")]),
    ],
)
def test_components_reach_the_database_that_they_use_and_no_other(
    name: str, port: int, users: list[tuple[str, str]], strangers: list[tuple[str, str]]
) -> None:
    for user in users:
        assert cluster().allows(pod(*user), database(name), port)
        assert not cluster().allows(pod(*user), database(name), 22)
    for stranger in strangers:
        assert not cluster().allows(pod(*stranger), database(name), port)
    assert not cluster().allows(End("elsewhere", "10.42.0.3"), database(name), port)
    assert not cluster().allows(End("", "198.51.100.1"), database(name), port)


@pytest.mark.parametrize(
    ("name", "namespace", "ports"), [(_POSTGRES, "cnpg-system", [8000]), (_MARIADB, "mariadb", [3306, 5555])]
)
def test_the_operator_reaches_its_pods(name: str, namespace: str, ports: list[int]) -> None:
    for port in ports:
        assert cluster().allows(End(namespace, "10.42.0.4"), database(name), port)
        assert not cluster().allows(End("elsewhere", "10.42.0.4"), database(name), port)


def test_prometheus_reaches_the_metrics_of_servers_that_have_some() -> None:
    assert cluster().allows(End("monitoring", "10.42.0.5"), database(_POSTGRES), 9187)
    assert not cluster().allows(End("monitoring", "10.42.0.5"), database(_POSTGRES), 5432)
    assert not cluster().allows(End("elsewhere", "10.42.0.5"), database(_POSTGRES), 9187)


@pytest.mark.parametrize(("name", "port"), [(_POSTGRES, 5432), (_POSTGRES, 8000), (_MARIADB, 3306)])
def test_the_servers_of_a_database_reach_each_other(name: str, port: int) -> None:
    assert cluster().allows(database(name), database(name, "10.42.0.9"), port)
    (other,) = {_POSTGRES, _MARIADB} - {name}
    assert not cluster().allows(database(other), database(name), port)


@pytest.mark.parametrize("name", [_POSTGRES, _MARIADB])
def test_databases_reach_their_archive_and_the_api_server(name: str) -> None:
    assert cluster().allows(database(name), End("", "10.9.9.9"), 9000)
    assert cluster().allows(database(name), End("", "192.0.2.1"), 6443)
    assert not cluster().allows(database(name), End("", "198.51.100.1"), 80)


def test_every_pod_of_an_operator_has_the_label_that_the_policies_select() -> None:
    """Those of jobs and of restored servers too, which nothing else would let anywhere."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    restored = [each.described(plan(), moment, f"{each.cluster}-restored") for each in archived(plan())]
    found = [
        *(
            (each.kind, each.fields["spec"])
            for _, each in (*postgres_objects(plan()), *mariadb_objects(plan()))
        ),
        *((each["kind"], each["spec"]) for each in restored),
    ]
    labels = [
        (kind, (spec.get("inheritedMetadata") or spec.get("inheritMetadata"))["labels"])
        for kind, spec in found
        if kind in ("Cluster", "MariaDB", "PhysicalBackup", "SqlJob")
    ]
    assert len(labels) == 6
    for kind, given in labels:
        assert given == database_label(_POSTGRES if kind == "Cluster" else _MARIADB)


def test_the_hosts_of_a_bucket_are_known_by_name() -> None:
    given = sections(BACKUP, instances=2)
    given["mariadb"]["namespace"] = "mariadb"
    settings = {"kind": "standard", "hosts": {"s3.site.org": ["203.0.113.0/24"]}}
    made = make_plan("demo", stack(networkPolicies=settings, secrets={"hashKey": "x"}, **given))
    targets = {
        (str(edge.target), edge.port) for edge in made.edges if str(edge.source) == "harvester.database"
    }
    assert ("s3.site.org", 443) in targets
