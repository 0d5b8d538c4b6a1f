"""The objects of monitoring, for both ways in which Prometheus finds them."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.monitoring.objects import ALERTS, monitoring_names, monitoring_objects
from tests.support import ctao, fast_yaml
from tests.support.stacks import stack

_KEY = {"hashKey": "x"}


def plan(kind: str = "annotations", **sections: Any) -> Plan:
    return make_plan("demo", stack(secrets=_KEY, monitoring={"kind": kind}, **sections))


def of_ctao(kind: str = "prometheusOperator", **sections: Any) -> Plan:
    return make_plan("demo", ctao.stack(secrets=_KEY, monitoring={"kind": kind, **sections}))


def objects(made: Plan) -> dict[tuple[str, str], ClusterObject]:
    found = monitoring_objects(made)
    by_name = {(each.kind, each.fields["metadata"]["name"]): each for each in found}
    assert len(by_name) == len(found)
    return by_name


@pytest.mark.parametrize("section", [None, {"kind": "none"}])
def test_there_is_nothing_unless_the_stack_says_so(section: dict[str, Any] | None) -> None:
    plain = make_plan("demo", stack(monitoring=section))
    assert monitoring_objects(plain) == ()
    assert monitoring_names(plain) == frozenset()


@pytest.mark.parametrize(
    "made", [plan(), plan("prometheusOperator", hosts={"panda": "panda.site.org"}), of_ctao()]
)
def test_every_name_is_known_before_anything_is_made(made: Plan) -> None:
    names = {each.fields["metadata"]["name"] for each in monitoring_objects(made)}
    assert monitoring_names(made) == names
    assert names <= names_inside(made)
    assert max(map(len, names)) <= 63


def test_a_database_has_an_exporter_that_logs_in_by_its_secret() -> None:
    made = objects(plan())["Deployment", "exporter-panda-postgres-postgres"]
    (container,) = made.fields["spec"]["template"]["spec"]["containers"]
    given = {
        each["name"]: each.get("value") or each["valueFrom"]["secretKeyRef"] for each in container["env"]
    }
    assert given == {
        "DATA_SOURCE_URI": "panda-postgres:5432/panda_db?sslmode=disable",
        "DATA_SOURCE_USER": {"name": "panda-secrets-panda-envs", "key": "PANDA_DB_USER"},
        "DATA_SOURCE_PASS": {"name": "panda-secrets-panda-envs", "key": "PANDA_DB_PASSWORD"},
    }


def test_mariadb_is_asked_by_its_own_exporter() -> None:
    made = objects(plan())["Deployment", "exporter-panda-harvester-mariadb-mariadb"]
    (container,) = made.fields["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [
        "--mysqld.address=panda-harvester-mariadb:3306",
        "--mysqld.username=$(DB_USER)",
    ]
    assert [each["name"] for each in container["env"]] == ["DB_USER", "MYSQLD_EXPORTER_PASSWORD"]


def test_a_database_elsewhere_has_none() -> None:
    panda = {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}}
    made = objects(plan(components={"msgsvc": {}, "panda": panda}))
    assert not any("postgres" in name for _, name in made)


def test_the_port_of_the_brokers_console_is_reached_by_a_service_of_its_own() -> None:
    made = objects(plan())
    service = made["Service", "every-port-of-panda-msgsvc-activemq"].fields["spec"]
    assert service["clusterIP"] == "None"
    assert service["selector"] == {
        "app.kubernetes.io/instance": "panda-msgsvc",
        "app.kubernetes.io/name": "activemq",
    }
    exporter = made["Deployment", "exporter-panda-msgsvc-activemq-queues"].fields["spec"]["template"]["spec"]
    environment = {each["name"]: each["value"] for each in exporter["containers"][0]["env"]}
    assert environment["CONSOLE"] == "http://every-port-of-panda-msgsvc-activemq:8161"


def test_annotations_say_where_metrics_are() -> None:
    made = objects(of_ctao("annotations"))
    metadata = made["Service", "metrics-ctao-rucio-server"].fields["metadata"]
    given = {key: text for key, text in metadata["annotations"].items() if key.startswith("prometheus")}
    assert given == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "8081",
        "prometheus.io/path": "/metrics/",
    }
    assert (
        metadata["labels"].items()
        >= {"release": "ctao-rucio", "component": "rucio", "part": "server"}.items()
    )
    assert not any(kind in ("ServiceMonitor", "PrometheusRule") for kind, _ in made)
    text = made["ConfigMap", ALERTS].fields["data"]["alerts.yaml"]
    assert fast_yaml.load(text)["groups"]


def test_the_operator_finds_each_service_by_its_name_and_copies_its_labels() -> None:
    made = objects(of_ctao(labels={"release": "prometheus"}))
    monitors = [each for kind, each in made if kind == "ServiceMonitor"]
    assert "metrics-ctao-rucio-daemons-reaper" in monitors
    for name in monitors:
        monitor = made["ServiceMonitor", name].fields
        service = made["Service", name].fields
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert set(monitor["spec"]["targetLabels"]) <= service["metadata"]["labels"].keys()
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] == service["spec"]["ports"][0]["name"]
        assert "prometheus.io/scrape" not in service["metadata"]["annotations"]


def test_each_exposed_host_is_probed_with_the_labels_of_its_component() -> None:
    made = objects(of_ctao())
    service = made["Service", "certificate-of-rucio"].fields
    labels = service["metadata"]["labels"]
    assert (labels["host"], labels["component"]) == ("rucio.localhost", "rucio")
    endpoint = made["ServiceMonitor", "certificate-of-rucio"].fields["spec"]["endpoints"][0]
    assert endpoint == {
        "port": "metrics",
        "path": "/probe",
        "params": {"module": ["tls"], "target": ["rucio.localhost:443"]},
    }
    probes = made["ConfigMap", "exporter-hosts"].fields["data"]["probes.yaml"]
    assert "tls" in fast_yaml.load(probes)["modules"]


def test_no_host_no_probe() -> None:
    assert not any(name == "exporter-hosts" for _, name in objects(plan()))


def test_alerts_are_about_the_stacks_own_namespace() -> None:
    groups = objects(of_ctao())["PrometheusRule", ALERTS].fields["spec"]["groups"]
    for group in groups:
        assert group["name"].startswith("demo-")
        for rule in group["rules"]:
            assert 'namespace="ctao"' in rule["expr"]
            assert 'namespace="stack"' not in rule["expr"]
            assert rule["labels"].items() >= {"namespace": "ctao", "stack": "demo"}.items()
    names = {rule["alert"] for group in groups for rule in group["rules"]}
    assert "RucioDaemonStuck" in names
    assert "BrokerQueueGrows" not in names


def test_the_charts_open_their_metrics_only_then() -> None:
    plain, made = make_plan("demo", ctao.stack()), of_ctao()
    for each, wanted in ((plain, False), (made, True)):
        variables = [one["name"] for one in each.release("rucio").values["additionalEnvs"]]
        assert ("RUCIO_METRICS_PORT" in variables) == wanted
        assert ("monitor" in each.release("rucio-daemons").values["config"]) == wanted


def test_pods_of_exporters_may_do_nothing() -> None:
    for made in (plan(), of_ctao()):
        for (kind, _), each in objects(made).items():
            if kind == "Deployment":
                pod = each.fields["spec"]["template"]["spec"]
                assert pod["automountServiceAccountToken"] is False
                assert pod["securityContext"]["runAsNonRoot"] is True
                assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
                assert pod["containers"][0]["resources"]["limits"]
