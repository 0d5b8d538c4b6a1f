"""Configuration and products become a Plan."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.ownership import owner_of
from panda_infra.products.content import reveal
from panda_infra.tree import Values
from tests.support.stacks import EVERYTHING, stack

_LOCAL_HOSTS = {"panda": "panda.localhost", "bigmon": "bigmon.localhost", "ui": "ui.localhost"}


def plan(**overrides: Any) -> Plan:
    return make_plan("local", stack(**overrides))


def values(component: str, **overrides: Any) -> Values:
    return plan(**overrides).release(component).values


def test_the_owner_of_what_is_made_is_the_stack_with_its_key() -> None:
    config = stack(secrets={"hashKey": "key"})
    assert make_plan("demo", config).owner == owner_of("demo", reveal(config.secrets.hash_key))
    assert plan().owner.id is None


def test_every_component_becomes_one_release_in_order() -> None:
    releases = plan().releases
    assert {release.component for release in releases} == set(EVERYTHING)
    position = {release.component: index for index, release in enumerate(releases)}
    assert all(
        position[other] < position[release.component] for release in releases for other in release.after
    )


def test_every_release_finds_the_secrets_and_none_sets_a_deployment_name() -> None:
    for release in plan().releases:
        assert release.values["global"]["secret"] == "panda-secrets"
        assert "deploymentName" not in release.values["global"]


def test_pins_come_from_the_catalog_or_the_stack() -> None:
    digest = "sha256:" + "a" * 64
    chart = {"version": "0.2.0", "digest": digest}
    made = plan(components={"msgsvc": {"chart": chart}, "panda": {"timeout": 60}})
    assert (made.release("msgsvc").chart.version, made.release("msgsvc").chart.digest) == ("0.2.0", digest)
    assert (made.release("panda").chart.version, made.release("panda").timeout) == ("0.1.1", 60)


def test_claims_are_dynamic_and_never_host_paths_t23() -> None:
    expected = {"create": False, "selector": False, "class": "standard"}
    assert values("msgsvc")["activemq"]["persistentvolume"] == expected
    assert values("panda")["postgres"]["persistentvolume"] == expected
    harvester = values("harvester")["harvester"]
    assert harvester["persistentvolumewdir"] == harvester["persistentvolumecondor"] == expected


def test_a_claim_that_no_pod_mounts_stays_as_the_chart_has_it_t21() -> None:
    assert "persistentvolume" not in values("iam")["main"]


def test_the_shared_claim_is_made_first_and_mounted_by_all_t20() -> None:
    storage = {"class": "standard", "sharedLogs": {"size": "20Gi"}}
    made = plan(storage=storage)
    assert made.shared_claim is not None
    assert (made.shared_claim.name, made.shared_claim.size) == ("panda-shared-logs", "20Gi")
    harvester = made.release("harvester").values["harvester"]
    assert harvester["sharedLogs"] == {"create": False}
    assert harvester["persistentvolume"]["existingClaim"] == "panda-shared-logs"
    assert made.release("panda").values["jedi"]["persistentvolume"]["sharedPvcName"] == "panda-shared-logs"
    rest = made.release("idds").values["rest"]
    assert rest["persistentvolumerequests"]["reuseLogsVolume"] is True
    assert rest["persistentvolumerequests"]["path"] == "/data/idds-requests"


@pytest.mark.parametrize(
    ("component", "path"),
    [
        ("idds", ("rest", "ingress")),
        ("bigmon", ("main", "ingress")),
        ("iam", ("main", "ingress")),
        ("ui", ("ingress",)),
    ],
)
def test_no_ingress_without_a_host_of_the_stack_t33(component: str, path: tuple[str, ...]) -> None:
    found: Any = values(component)
    for key in path:
        found = found[key]
    assert found == {"enabled": False}


def test_an_exposed_host_is_the_only_one() -> None:
    ingress = values("panda", hosts=_LOCAL_HOSTS)["server"]["ingress"]
    assert ingress["hosts"] == [
        {"hostOverride": "panda.localhost", "paths": [{"path": "/", "pathType": "Prefix"}]}
    ]
    assert ingress["tls"] == [{"hosts": [{"hostOverride": "panda.localhost"}]}]
    assert ingress["annotations"] == {"kubernetes.io/ingress.class": None}
    assert values("ui", hosts=_LOCAL_HOSTS)["global"]["hostOverwrite"] == "ui.localhost"


def test_passthrough_is_for_the_server_alone() -> None:
    exposure = {"kind": "nginx", "passthrough": True}
    annotation = "nginx.ingress.kubernetes.io/ssl-passthrough"
    server = values("panda", hosts=_LOCAL_HOSTS, exposure=exposure)["server"]["ingress"]["annotations"]
    assert server[annotation] == "true"
    bigmon = values("bigmon", hosts=_LOCAL_HOSTS, exposure=exposure)["main"]["ingress"]["annotations"]
    assert annotation not in bigmon


def test_bigmon_serves_the_condor_logs_of_this_stacks_harvester() -> None:
    paths = values("bigmon", affix="-dev", hosts=_LOCAL_HOSTS)["main"]["ingress"]["hosts"][0]["paths"]
    assert paths[0] == {
        "path": "/condor_logs",
        "pathType": "Prefix",
        "serviceName": "panda-dev-harvester",
        "servicePort": 443,
    }


def test_routes_where_the_chart_has_them_and_ingresses_elsewhere() -> None:
    exposure = {"kind": "route", "className": "openshift-default"}
    server = values("panda", hosts=_LOCAL_HOSTS, exposure=exposure)["server"]
    assert server["ingress"] == {"enabled": False}
    assert server["hostName"] == "panda.localhost"
    assert server["route"]["enabled"] is True
    assert values("ui", hosts=_LOCAL_HOSTS, exposure=exposure)["ingress"]["className"] == "openshift-default"


def test_other_controllers_get_no_nginx_snippets() -> None:
    exposure = {"kind": "ingress", "className": "traefik"}
    annotations = values("panda", hosts=_LOCAL_HOSTS, exposure=exposure)["server"]["ingress"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/server-snippet"] is None


def test_databases_keep_their_data_where_the_volume_is_t28() -> None:
    assert values("iam-db")["mariadb"]["image"]["repository"] == "mariadb"


def test_pods_run_without_root_where_the_cluster_demands_it() -> None:
    cluster = {"kind": "existing", "kubeconfig": "k", "noRoot": True}
    made = plan(cluster=cluster)
    for component, sub in [
        ("msgsvc", "activemq"),
        ("panda", "server"),
        ("idds", "rest"),
        ("idds", "postgres"),
    ]:
        assert made.release(component).values[sub]["noRoot"] is True


def test_free_form_values_win() -> None:
    components = {"msgsvc": {"values": {"activemq": {"persistentvolume": {"class": "fast"}}}}}
    assert values("msgsvc", components=components)["activemq"]["persistentvolume"] == {
        "create": False,
        "selector": False,
        "class": "fast",
    }


def test_secrets_are_those_that_something_reads() -> None:
    secrets = plan(components={"msgsvc": {}}).secrets
    assert set(secrets) == {"msgsvc-envs"}
    assert [str(reader) for reader in secrets["msgsvc-envs"]] == ["msgsvc/activemq"]


def test_a_switched_off_sub_component_reads_nothing() -> None:
    components = {"msgsvc": {}, "panda": {"postgres": {"enabled": False}}}
    readers = plan(components=components).secrets["panda-envs"]
    assert {reader.sub_component for reader in readers} == {"server", "jedi"}
