"""Where the pods of a stack connect to, and who connects to them, beside the calls that the charts' tests try."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.network.edges import Edge, edges
from panda_infra.products.network import EVERY_PORT
from tests.support import ctao
from tests.support.stacks import stack

_ON = {"kind": "standard"}


def found(sections: dict[str, Any], **given: Any) -> set[tuple[str, str, int]]:
    config = stack(networkPolicies={**_ON, **sections}, **given)
    return spelled(make_plan("demo", config).edges)


def spelled(made: tuple[Edge, ...]) -> set[tuple[str, str, int]]:
    return {(str(edge.source), str(edge.target), edge.port) for edge in made}


def of(source: str, edges: set[tuple[str, str, int]]) -> set[tuple[str, int]]:
    return {(target, port) for each, target, port in edges if each == source}


def test_there_are_none_unless_the_stack_says_so() -> None:
    assert edges(stack(), {}) == ()
    assert edges(stack(networkPolicies={"kind": "none"}), {}) == ()
    assert edges(stack(networkPolicies=_ON), {})


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("db.site.org", "db.site.org"),
        ("10.1.2.3", "10.1.2.3"),
        ("postgres.databases.svc", "namespace databases"),
        ("postgres.databases.svc.cluster.local", "namespace databases"),
        ("beside", "others in the namespace"),
        ("panda-idds-postgres", "idds.postgres"),
    ],
)
def test_a_host_is_a_place_by_its_name(host: str, place: str) -> None:
    outside = {"postgres": {"enabled": False}, "settings": {"database": {"host": host}}}
    components = {"msgsvc": {}, "panda": outside, "idds": {}}
    assert (place, 5432) in of("panda.server", found({}, components=components))


def test_a_host_of_the_stack_is_reached_by_the_ingress_controller() -> None:
    made = found({}, hosts={"iam": "iam.site.org"})
    assert ("ingress controller of iam.site.org", 443) in of("panda.server", made)
    assert ("iam.main", 8443) in of("ingress controller", made)
    assert ("iam.main", 8443) not in of("panda.server", made)


def test_an_alias_of_oracle_names_no_host() -> None:
    database = {"backend": "oracle", "host": "PANDA_TNS", "port": 10500}
    panda = {"postgres": {"enabled": False}, "settings": {"database": database}}
    made = found({}, components={"msgsvc": {}, "panda": panda, "bigmon": {}, "ui": {}})
    for source in ("panda.server", "panda.jedi", "bigmon.main", "ui.backend"):
        assert {("outside", 1521), ("outside", 10121), ("outside", 10500)} <= of(source, made)
        assert not any("TNS" in target for target, _ in of(source, made))


def test_harvester_reaches_every_port_outside_and_the_api_server() -> None:
    assert {("outside", EVERY_PORT), ("api server", 443), ("api server", 6443)} <= of(
        "harvester.harvester", found({})
    )


def test_each_replica_of_harvester_has_its_database() -> None:
    database = {"hostPerReplica": "maria", "domainPerReplica": "site.org"}
    harvester = {"harvester": {"replicas": 2}, "settings": {"database": database}}
    made = of(
        "harvester.harvester", found({}, components={"harvester": harvester, "panda": {}, "msgsvc": {}})
    )
    assert {("maria-0.site.org", 3306), ("maria-1.site.org", 3306)} <= made


def test_node_recovery_asks_the_api_server_and_nova() -> None:
    recovery = {"confirm": "nova", "authUrl": "https://keystone.cern.ch:5000/v3"}
    assert of("node-recovery", found({}, nodeRecovery=recovery)) == {
        ("api server", 443),
        ("api server", 6443),
        ("keystone.cern.ch", 5000),
        ("outside", 443),
        ("outside", 8774),
    }
    outside = {"confirm": "none", "runs": "outside"}
    assert of("node-recovery", found({}, nodeRecovery=outside)) == set()


def test_backups_read_the_databases_of_the_stack_and_write_to_the_bucket() -> None:
    bucket = {"kind": "s3", "endpoint": "https://s3.site.org:8443", "bucket": "backups"}
    components: dict[str, Any] = {"msgsvc": {}, "panda": {}, "idds": {}, "harvester": {}}
    made = found({}, components=components, backup={"to": bucket, "leaveOut": ["idds"]})
    assert of("backup", made) == {
        ("panda.postgres", 5432),
        ("harvester.mariadb", 3306),
        ("s3.site.org", 8443),
    }
    claim = {"to": {"kind": "claim", "size": "10Gi"}}
    assert of("backup", found({}, components={"msgsvc": {}, "panda": {}}, backup=claim)) == {
        ("panda.postgres", 5432)
    }


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_that_the_values_open_is_open(kind: str) -> None:
    msgsvc = {"values": {"activemq": {"service": {"type": kind}}}}
    assert of("anywhere", found({}, components={"msgsvc": msgsvc})) == {("msgsvc.activemq", 61613)}
    inside = {"values": {"activemq": {"service": {"type": "ClusterIP"}}}}
    assert of("anywhere", found({}, components={"msgsvc": inside})) == set()


def test_a_service_of_rucio_that_the_values_open_is_open() -> None:
    components = {**ctao.COMPONENTS, "rucio": {"values": {"service": {"type": "LoadBalancer"}}}}
    plan = make_plan("ctao", ctao.stack(networkPolicies=_ON, components=components))
    assert of("anywhere", spelled(plan.edges)) == {("rucio.server", 443)}


def test_what_the_stack_file_adds_is_there() -> None:
    made = found(
        {
            "outlets": [{"pods": "panda.server", "network": "10.9.0.0/16", "ports": [1234]}],
            "inlets": [
                {"pods": "harvester.harvester", "network": "188.184.0.0/15", "ports": [9618]},
                {"pods": "panda.server", "namespace": "monitoring", "ports": [9100]},
            ],
        }
    )
    assert ("10.9.0.0/16", 1234) in of("panda.server", made)
    assert of("188.184.0.0/15", made) == {("harvester.harvester", 9618)}
    assert of("namespace monitoring", made) == {("panda.server", 9100)}


def test_rucio_reaches_what_the_interfaces_and_storages_name() -> None:
    rse = {
        "protocols": [
            {"scheme": "davs", "host": "se.site.org", "port": 8443, "prefix": "/rucio"},
            {"scheme": "file", "host": "localhost", "port": 1, "prefix": "/rucio"},
        ],
        "attributes": {"fts": "https://fts2.site.org:8446"},
    }
    account = {"type": "SERVICE", "email": "dpps@site.org"}
    components = {
        **ctao.RUCIO["components"],
        "rucio-config": {"settings": {"accounts": {"dpps": account}, "rses": {"NORTH": rse}}},
        "rucio-daemons": {"hermes": {"enabled": True}},
    }
    del components["rucio-db"]
    interfaces = {
        "environment": "staging",
        "rucioDatabase": {"kind": "external", "host": "pg.site.org", "port": 5433},
        "fts": {"kind": "external", "url": "https://fts.site.org:8446"},
        "iam": {"kind": "external", "url": "https://iam.site.org"},
        "storage": {"kind": "external", "hosts": ["xrootd.site.org"]},
    }
    config = ctao.stack(
        **ctao.RUCIO | {"networkPolicies": _ON, "components": components, "interfaces": interfaces}
    )
    made = spelled(make_plan("ctao", config).edges)
    database, iam = ("pg.site.org", 5433), ("iam.site.org", 443)
    assert of("rucio.server", made) == of("rucio-daemons.undertaker", made) | {iam}
    assert of("rucio-daemons.undertaker", made) == {database}
    assert of("rucio-daemons.conveyor-poller", made) == {
        database,
        iam,
        ("fts.site.org", 8446),
        ("fts2.site.org", 8446),
    }
    assert of("rucio-daemons.reaper", made) == {
        database,
        iam,
        ("se.site.org", 8443),
        ("xrootd.site.org", 1094),
    }
    assert of("rucio-daemons.hermes", made) == {database, ("outside", 61613)}
    assert of("rucio-bootstrap.job", made) == {database}
    assert of("rucio-config.job", made) == {("rucio.server", 443)}


def test_prometheus_reads_metrics_and_exporters_ask_what_they_are_about() -> None:
    made = found(
        {}, monitoring={"kind": "annotations", "namespace": "watch"}, hosts={"panda": "panda.site.org"}
    )
    queues, database = "exporter-panda-msgsvc-activemq-queues", "exporter-panda-postgres-postgres"
    assert {(queues, 9404), (database, 9187), ("exporter-hosts", 9115)} <= of("namespace watch", made)
    assert of(queues, made) == {("msgsvc.activemq", 8161)}
    assert of(database, made) == {("panda.postgres", 5432)}
    assert of("exporter-hosts", made) == {("ingress controller of panda.site.org", 443)}
    rucio = ctao.stack(networkPolicies=_ON, monitoring={"kind": "annotations"})
    edges_of_rucio = spelled(make_plan("demo", rucio).edges)
    assert ("namespace monitoring", "rucio.server", 8081) in edges_of_rucio
    assert of("exporter-ctao-rucio-server-heartbeats", edges_of_rucio) == {("rucio-db.postgres", 5432)}
