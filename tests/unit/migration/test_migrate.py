"""A checkout becomes a stack, and nothing of it is lost without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.errors import StackError
from panda_infra.migration.checkout import VALUES_KEYS, Checkout, MigrationError
from panda_infra.migration.migrate import migrate
from panda_infra.plan.make import make_plan
from panda_infra.products.migrated import Outcome
from panda_infra.products.panda.upstream import UPSTREAM
from tests.unit.migration.conftest import SiteCheckout

_CLUSTER = {"kind": "existing", "kubeconfig": "kubeconfig"}


def migrated(site: SiteCheckout, experiment: str = "sphenix", **options: Any) -> Outcome:
    return migrate(site.folder, experiment, _CLUSTER, **options)


def values(outcome: Outcome, component: str) -> dict[str, Any]:
    config = StackConfig.model_validate_json(json.dumps(outcome.sections))
    return make_plan("x", config).release(component).values


def reported(outcome: Outcome, key: str) -> str:
    (why,) = [note.why for note in (*outcome.unplaced, *outcome.settled) if note.key == key]
    return why


def test_a_database_that_would_stay_longer_keeps_what_its_site_says(site: SiteCheckout) -> None:
    stay = [
        {
            "key": f"node.kubernetes.io/{taint}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 30,
        }
        for taint in ("not-ready", "unreachable")
    ]
    site.values("panda", "sphenix", {sub: {"tolerations": stay} for sub in ("server", "postgres")})
    outcome = migrated(site, storage_class="nas")
    assert outcome.sections["placement"] == {"evictAfter": 30}
    made = values(outcome, "panda")
    assert (made["server"]["tolerations"], made["postgres"]["tolerations"]) == (stay, stay)
    assert outcome.sections["components"]["panda"].keys() == {"postgres"}


def test_a_site_without_iam_keeps_the_issuer_that_it_has(site: SiteCheckout) -> None:
    oidc = {
        "config_url": "https://iam.site.org/.well-known/openid-configuration",
        "clients": [{"name": "sphenix", "client_id": "c"}],
    }
    site.values("iam", "sphenix", {"main": {}})
    site.secrets(
        {"auth": {"authVO": "sphenix", "oidc": oidc}, "iam": {"enabled": False}}, "values-secret.yaml"
    )
    outcome = migrated(site, storage_class="nas")
    assert outcome.sections["auth"]["issuer"] == "https://iam.site.org"
    assert "iam" not in outcome.sections["components"]


def test_the_usual_class_is_said_once_and_another_where_it_differs(site: SiteCheckout) -> None:
    site.values("msgsvc", "sphenix", {"activemq": {"persistentvolume": {"class": "fast", "size": "5Gi"}}})
    site.values(
        "panda", "sphenix", {sub: {"persistentvolume": {"class": "nas"}} for sub in ("server", "jedi")}
    )
    outcome = migrated(site)
    assert outcome.sections["storage"] == {"class": "nas"}
    assert outcome.sections["components"] == {
        "msgsvc": {"activemq": {"volumes": {"data": {"class": "fast", "size": "5Gi"}}}},
        "panda": {},
    }


def test_what_upstream_sets_comes_out_again(site: SiteCheckout) -> None:
    stay = [
        {
            "key": f"node.kubernetes.io/{taint}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 30,
        }
        for taint in ("not-ready", "unreachable")
    ]
    server = {
        "replicaCount": 2,
        "image": {"tag": "1.0.2"},
        "resources": {"requests": {"cpu": 2, "memory": "4Gi"}, "limits": {"cpu": 4, "memory": "8Gi"}},
        "tolerations": stay,
        "extraEnv": {"PANDA_X": "1"},
        "podSecurityContext": {"fsGroup": 1001},
        "persistentvolume": {"class": "nas"},
    }
    site.values("panda", "sphenix", {"server": server, "jedi": {"tolerations": stay}})
    outcome = migrated(site)
    assert outcome.sections["placement"] == {"evictAfter": 30}
    made = values(outcome, "panda")["server"]
    assert (made["replicaCount"], made["image"]["tag"], made["tolerations"]) == (2, "1.0.2", stay)
    assert made["resources"]["limits"] == {"cpu": "4", "memory": "8Gi"}
    assert made["podSecurityContext"] == {"fsGroup": 1001}
    assert not outcome.unplaced


def test_the_shared_claim_becomes_the_stacks_t20(site: SiteCheckout) -> None:
    site.secrets({"harvester": {"enabled": True}})
    shared = {"create": True, "name": "panda-shared-logs", "size": "200Gi", "storageClass": "cephfs"}
    logs = {"existingClaim": "panda-shared-logs", "subPath": "harvester-logs", "class": "cephfs"}
    site.values("harvester", "sphenix", {"harvester": {"sharedLogs": shared, "persistentvolume": logs}})
    outcome = migrated(site, storage_class="cephfs")
    assert outcome.sections["storage"] == {"class": "cephfs", "sharedLogs": {}}
    assert "T20" in reported(outcome, "harvester.sharedLogs.create")
    made = values(outcome, "harvester")["harvester"]["persistentvolume"]
    assert (made["existingClaim"], made["subPath"]) == ("panda-shared-logs", "harvester-logs")


def test_hosts_come_from_ingresses_routes_and_the_ui(site: SiteCheckout) -> None:
    site.secrets({"bigmon": {"enabled": True}, "ui": {"enabled": True}})
    ingress = {"enabled": True, "hosts": [{"domain": "x.y", "hostOverride": "bigmon.slac.stanford.edu"}]}
    site.values("bigmon", "lsst", {"main": {"ingress": ingress}})
    site.values(
        "panda", "lsst", {"server": {"ingress": {"enabled": True, "hosts": [{"hostOverride": "FIXME"}]}}}
    )
    site.values("ui", "lsst", {"global": {"hostOverwrite": "ui.slac.stanford.edu", "vo": "Rubin"}})
    outcome = migrated(site, "lsst", storage_class="s")
    assert outcome.sections["hosts"] == {"bigmon": "bigmon.slac.stanford.edu", "ui": "ui.slac.stanford.edu"}
    assert "names no host" in reported(outcome, "server.ingress.hosts")
    assert values(outcome, "ui")["global"]["vo"] == "Rubin"


def test_a_host_that_bigmon_serves_too_is_bigmons_alone(site: SiteCheckout) -> None:
    site.secrets({"harvester": {"enabled": True}, "bigmon": {"enabled": True}})
    ingress = {"enabled": True, "hosts": [{"hostOverride": "bigmon.site.org"}]}
    site.values("harvester", "sphenix", {"harvester": {"ingress": ingress}})
    site.values("bigmon", "sphenix", {"main": {"ingress": ingress}})
    assert migrated(site).sections["hosts"] == {"bigmon": "bigmon.site.org"}


def test_routes_make_the_stack_one_of_openshift(site: SiteCheckout) -> None:
    server = {"route": {"enabled": True}, "hostName": "panda.apps.bnl.gov", "noRoot": True}
    site.values("panda", "sphenix", {"server": server})
    outcome = migrated(site, storage_class="nas")
    assert outcome.sections["exposure"] == {"kind": "route", "passthrough": True}
    assert outcome.sections["hosts"] == {"panda": "panda.apps.bnl.gov"}
    assert outcome.sections["cluster"]["noRoot"] is True


def test_what_no_template_reads_and_what_nothing_takes_is_reported(site: SiteCheckout) -> None:
    site.values(
        "panda",
        "sphenix",
        {"server": {"iddsServer": "x", "route": {"other": 1}, "persistentvolume": {"class": "c"}}},
    )
    outcome = migrated(site)
    assert reported(outcome, "server.iddsServer") == "is read by no template of the chart"
    assert reported(outcome, "server.route.other") == "follows from the hosts and the exposure of the stack"


def test_inconsistent_names_of_an_experiment_are_known() -> None:
    assert VALUES_KEYS["doma"] == ("doma-k8s", "cern", "doma")
    assert VALUES_KEYS["dev"] == ("dev", "atlas-dev")


def test_settings_and_secrets_find_their_places(site: SiteCheckout) -> None:
    site.secrets({"affix": "-dev", "panda": {"database": {"dbport": "5433", "password": "FIXME"}}})
    own = {
        "auth": {
            "authVO": "Rubin",
            "authIdToken": "token",
            "oidc": {
                "audience": "https://panda.bnl.gov",
                "config_url": "https://iam.bnl.gov/.well-known/openid-configuration",
                "clients": [
                    {"name": "Rubin", "client_id": "abc", "client_secret": "s3", "robot_ids": "r1, r2"},
                    {"name": "other", "client_id": "FIXME"},
                ],
                "token_cache": {
                    "client_id": "cache",
                    "client_secret": "s4",
                    "endpoint": "https://iam.bnl.gov/token",
                },
            },
        },
        "msgsvc": {"basePasswd": 12345, "channels": ["a:panda:jedi,idds"]},
        "panda": {
            "database": {"dbhost": "db.bnl.gov", "password": "0123 \"quoted\" 'x'"},
            "verifyHost": "off",
        },
        "rucio": {
            "rucioHost": "rucio.bnl.gov:443",
            "account": "panda",
            "username": "panda",
            "password": "s5",
        },
        "proxy": {"httpProxy": "http://proxy.bnl.gov:3128"},
        "mystery": {"key": "value"},
    }
    site.secrets(own, "values-secret.yaml")
    outcome = migrated(site)
    sections = outcome.sections
    assert sections["affix"] == "-dev"
    assert sections["auth"] == {
        "vo": "Rubin",
        "issuer": "https://iam.bnl.gov",
        "audience": "https://panda.bnl.gov",
        "clients": [{"name": "Rubin", "clientId": "abc", "robotIds": ["r1", "r2"]}],
        "tokenCache": {"clientId": "cache"},
    }
    assert sections["components"]["panda"]["settings"]["database"] == {"host": "db.bnl.gov", "port": 5433}
    assert sections["rucio"] == {"host": "rucio.bnl.gov:443", "account": "panda"}
    names = [channel["name"] for channel in sections["components"]["msgsvc"]["settings"]["channels"]]
    assert names[0] == "a"
    assert {"jedi_contents_feeder", "jedi_job_generator"} <= set(names), "T30"
    assert outcome.secrets == {
        ("auth", "idToken"): "token",
        ("auth", "clientSecrets", "Rubin"): "s3",
        ("auth", "tokenCacheSecret"): "s4",
        ("msgsvc", "basePassword"): "12345",
        ("panda", "databasePassword"): "0123 \"quoted\" 'x'",
        ("rucio", "password"): "s5",
    }
    assert [note.key for note in outcome.unplaced] == ["mystery.key"]
    assert "has no client id" in reported(outcome, "auth.oidc.clients[other]")
    assert "placeholder" in reported(outcome, "auth.oidc.clients[other].client_id")


def test_files_find_their_places_byte_for_byte(site: SiteCheckout) -> None:
    site.secrets({"harvester": {"enabled": True}})
    site.values("harvester", "sphenix", {"harvester": {"experiment": "sphenix"}})
    site.file("panda_certs/hostcert.pem", b"cert\n")
    site.file("panda_certs/deep/hostkey.pem", b"key\r\n\n")
    site.file("panda_certs/x.proxy", b"proxy")
    site.file("panda_certs/notes.txt", b"x")
    site.file("harvester_auth/README", b"not a key")
    site.file("harvester_auth/panda_token_key", b"\xff\x00")
    site.file("bigmon_certs/hostcert.pem", b"cert")
    site.file("iam_conf/application.yml", b"changed by the site")
    site.file("harvester_db_conf/id_rsa", b"")
    outcome = migrated(site)
    assert outcome.secrets == {
        ("certificates", "panda", "certificate"): "cert\n",
        ("certificates", "panda", "key"): "key\r\n\n",
        ("files", "panda", "x.proxy"): "proxy",
        ("files", "harvesterAuth", "panda_token_key"): "base64:/wA=",
    }
    assert {Path(note.file).name for note in outcome.unplaced} == {"application.yml"}
    reasons = {Path(note.file).name: note.why for note in outcome.settled if not note.key}
    assert reasons["notes.txt"] == "upstream's chart does not take files of this kind"
    assert reasons["hostcert.pem"] == "the stack does not deploy bigmon"
    assert reasons["id_rsa"] == "is empty"


def test_a_value_that_no_stack_may_hold_is_listed_without_it(site: SiteCheckout) -> None:
    site.secrets({"panda": {"database": {"dbport": "no-number", "name": "bad name"}}})
    outcome = migrated(site)
    assert {note.key for note in outcome.unplaced} == {
        "panda.database.dbport",
        "panda.database.name",
    }
    assert "bad name" not in str(outcome.unplaced)


def test_no_note_and_no_repr_holds_a_secret(site: SiteCheckout) -> None:
    site.secrets({"panda": {"database": {"password": "canary-1"}}, "unknown": {"password": "canary-2"}})
    outcome = migrated(site)
    assert "canary" not in repr(outcome)


def test_no_checkout_and_no_yaml_are_reported(site: SiteCheckout, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="is no checkout of panda-k8s"):
        Checkout(tmp_path, UPSTREAM)
    (site.folder / "secrets" / "values.yaml").write_text("a: [")
    with pytest.raises(MigrationError, match=r"values\.yaml, line \d"):
        migrated(site)


def test_without_any_storage_class_it_asks_for_one(site: SiteCheckout) -> None:
    site.values("panda", "sphenix", {"server": {}})
    with pytest.raises(StackError, match=r"storage\.class"):
        migrated(site)


def test_of_the_real_checkout_everything_is_placed_or_listed(pytestconfig: pytest.Config) -> None:
    folder: Path | None = pytestconfig.getoption("--upstream-charts")
    if folder is None:
        pytest.skip("needs --upstream-charts")
    for experiment in ("atlas-testbed", "dev", "doma", "lsst", "lsst-prod", "sphenix"):
        outcome = migrate(folder, experiment, _CLUSTER, "standard" if experiment == "dev" else None)
        config = StackConfig.model_validate_json(json.dumps(outcome.sections))
        assert make_plan(experiment, config).releases
        assert {note.key for note in outcome.unplaced} <= {"harvester.route.hostName"}, experiment
