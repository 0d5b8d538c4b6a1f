"""What sites wrote: each value finds its place as upstream's chart reads it, or is reported under its own name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.migration.checkout import MigrationError
from panda_infra.migration.migrate import leave_strangers, migrate
from panda_infra.migration.present import list_differences
from panda_infra.products.migrated import Outcome
from panda_infra.products.panda.context import Context
from tests.support import fast_yaml
from tests.unit.migration.conftest import SiteCheckout
from tests.unit.migration.test_migrate import migrated, reported

_CLIENTS = ("auth", "clientSecrets")


def unplaced(outcome: Outcome) -> set[str]:
    return {note.key for note in outcome.unplaced}


def values_text(site: SiteCheckout, text: str) -> None:
    (site.folder / "secrets" / "values-secret.yaml").write_text(text)


@pytest.mark.parametrize("word", ["no", "off", "n", "N", "False", "FALSE", "No", "OFF"])
def test_a_no_is_a_no_however_it_is_spelled(site: SiteCheckout, word: str) -> None:
    site.values("idds", "sphenix", {"rest": {}})
    values_text(site, f"cric: {{real: {word}}}\nidds: {{enabled: {word}}}\n")
    outcome = migrated(site)
    assert outcome.sections["cric"]["real"] is False
    assert "idds" not in outcome.sections["components"]


def test_a_text_that_means_no_is_what_the_chart_takes_it_for_and_reported(site: SiteCheckout) -> None:
    site.values("idds", "sphenix", {"rest": {}})
    values_text(site, 'cric: {real: "false"}\nidds: {enabled: "false"}\n')
    outcome = migrated(site)
    assert outcome.sections["cric"]["real"] is True
    assert "idds" in outcome.sections["components"]
    assert {"cric.real", "idds.enabled"} <= unplaced(outcome)


def test_a_number_without_quotes_is_reported(site: SiteCheckout) -> None:
    values_text(site, "panda: {database: {password: 0123}}\nmsgsvc: {basePasswd: 123}\n")
    outcome = migrated(site)
    assert outcome.secrets["panda", "databasePassword"] == "0123"
    assert unplaced(outcome) == {"panda.database.password"}


def test_good_clients_robots_and_channels_stay_beside_bad_ones(site: SiteCheckout) -> None:
    clients: list[Any] = [
        {"name": "bad one", "client_id": "a", "client_secret": "s0"},
        {"name": "good", "client_id": "b", "client_secret": "s1", "robot_ids": "r1,r 2,r3"},
        "a text",
        {"name": "worse", "client_id": "c d", "client_secret": "s2"},
        {"name": "fine", "client_id": "e", "config_url": "no url"},
        {"name": "good", "client_id": "f"},
    ]
    channels = ["no colons", "a:panda:jedi", "b:panda", "c:panda:pilot:x", "d:panda:pilot"]
    site.secrets(
        {"auth": {"oidc": {"clients": clients}}, "msgsvc": {"channels": channels}}, "values-secret.yaml"
    )
    outcome = migrated(site)
    assert outcome.sections["auth"]["clients"] == [
        {"name": "good", "clientId": "b", "robotIds": ["r1", "r3"]},
        {"name": "fine", "clientId": "e"},
    ]
    assert {path[-1]: text for path, text in outcome.secrets.items() if path[:2] == _CLIENTS} == {
        "good": "s1"
    }
    names = [each["name"] for each in outcome.sections["components"]["msgsvc"]["settings"]["channels"]]
    assert names == ["a", "d", "jedi_contents_feeder", "jedi_job_generator"]
    key = "auth.oidc.clients"
    assert unplaced(outcome) == {
        f"{key}[bad one]",
        f"{key}[good]",
        f"{key}[good].robot_ids[r 2]",
        f"{key}[2]",
        f"{key}[worse].client_id",
        f"{key}[fine].config_url",
        "msgsvc.channels[no colons]",
        "msgsvc.channels[b]",
        "msgsvc.channels[c]",
    }


def test_a_channel_that_the_site_has_removed_stays_away(site: SiteCheckout) -> None:
    site.secrets({"msgsvc": {"channels": ["idds_panda:idds:panda,jedi"]}}, "values-secret.yaml")
    names = [each["name"] for each in migrated(site).sections["components"]["msgsvc"]["settings"]["channels"]]
    assert names == ["idds_panda", "jedi_contents_feeder", "jedi_job_generator"]


@pytest.mark.parametrize(
    "base_url", ["https://iam.site.org", "https://iam.site.org/", "https://iam.site.org:8443"]
)
def test_issuer_and_discovery_survive_as_they_stand_there(site: SiteCheckout, base_url: str) -> None:
    site.values(
        "iam",
        "sphenix",
        {"main": {"ingress": {"enabled": True, "hosts": [{"hostOverride": "iam.site.org"}]}}},
    )
    discovery = "https://iam.site.org/.well-known/openid-configuration"
    client = {"name": "v", "client_id": "c"}
    site.secrets(
        {
            "iam": {"enabled": True, "base_url": base_url},
            "auth": {"authVO": "v", "oidc": {"config_url": discovery, "clients": [client]}},
        },
        "values-secret.yaml",
    )
    context = Context(StackConfig.model_validate_json(json.dumps(migrated(site).sections)))
    assert (context.iam_url, context.config_url) == (base_url, discovery)


def test_an_empty_blacklist_stays_empty(site: SiteCheckout) -> None:
    site.secrets(
        {"cric": {"real": True, "ddmBlackList": "", "sites": "https://c.site.org/s"}}, "values-secret.yaml"
    )
    assert migrated(site).sections["cric"]["urls"] == {"sites": "https://c.site.org/s", "ddmBlacklist": None}


def test_without_cric_no_address_of_it_is_written(site: SiteCheckout) -> None:
    site.secrets({"cric": {"real": False, "objectStores": "https://c.site.org/o"}}, "values-secret.yaml")
    outcome = migrated(site)
    assert outcome.sections["cric"] == {"real": False}
    assert "CRIC is not asked" in reported(outcome, "cric.objectStores")


def test_the_folder_of_a_proxy_is_reported_where_it_is_another(site: SiteCheckout) -> None:
    values_text(
        site, "rucio: {authType: x509_proxy, rucioHost: r, account: a, clientX509Proxy: /data/x.proxy}"
    )
    assert "rucio.clientX509Proxy" in unplaced(migrated(site))


@pytest.mark.parametrize(
    ("given", "settings", "listed"),
    [
        ('{dbhost_add_index: "false", dbhost_prefix: p}', {}, {"dbhost_prefix"}),
        ('{dbhost_add_index: "true", dbhost_prefix: p}', {"hostPerReplica": "p"}, set()),
        ("{dbhost_add_index: true, dbhost_prefix: p}", {"hostPerReplica": "p"}, set()),
        ('{dbhost_add_index: "true", dbhost_domain: d}', {}, {"dbhost_add_index", "dbhost_domain"}),
        ('{db_add_index: "true"}', {}, {"db_add_index"}),
        ("{name_prefix: p}", {}, {"name_prefix"}),
        ('{db_add_index: "true", name_prefix: harvester}', {"databasePerReplica": True}, set()),
        (
            '{db_add_index: "true", name_prefix: p, name: n}',
            {"databasePerReplica": True, "name": "p"},
            {"name_prefix", "name"},
        ),
    ],
)
def test_databases_per_replica_are_what_the_start_scripts_make_of_them(
    site: SiteCheckout, given: str, settings: dict[str, Any], listed: set[str]
) -> None:
    site.values("harvester", "lsst", {"harvester": {}})
    site.values("panda", "lsst", {"server": {}})
    values_text(site, f"harvester: {{enabled: true, database: {given}}}\n")
    outcome = migrated(site, "lsst", storage_class="s")
    harvester = outcome.sections["components"]["harvester"]
    assert harvester.get("settings", {}).get("database", {}) == settings
    assert unplaced(outcome) == {f"harvester.database.{name}" for name in listed}


def test_an_enabled_component_with_secrets_but_no_values_is_reported(site: SiteCheckout) -> None:
    site.secrets({"ui": {"enabled": True, "secret": "s"}, "bigmon": {"enabled": True}}, "values-secret.yaml")
    outcome = migrated(site)
    assert {note.file for note in outcome.unplaced} == {"helm/ui"}
    assert "helm/bigmon" in {note.file for note in outcome.settled}


@pytest.mark.parametrize(
    "text",
    [
        "bigmon: null",
        "bigmon: a text",
        "panda: {database: a text}",
        "auth: {oidc: {clients: [a text, 1, null, [x]]}}",
        "auth: {oidc: {clients: a text}}",
        "auth: {oidc: {clients: [{name: [x], client_id: {a: b}}]}}",
        "msgsvc: {accounts: a, channels: {a: b}}",
        "cric: off",
        "bigmon: {enabled: true, auth: {providers: [a]}}",
        "bigmon: {enabled: true, auth: {providers: {Google: text}}}",
    ],
)
def test_a_wrong_shape_is_reported(site: SiteCheckout, text: str) -> None:
    site.values("bigmon", "sphenix", {"main": {}})
    values_text(site, text)
    assert unplaced(migrated(site))


@pytest.mark.parametrize(
    "values",
    [
        "server: text",
        "server: [a]",
        "server: {image: x, resources: y, persistentvolume: z, ingress: q}",
        "server: {ingress: {enabled: true, hosts: text}}",
        "server: {resources: {requests: text}, extraEnv: a}",
        "server: {cvmfs: x, tolerations: y, route: z, image: {tag: [a]}}",
        "- a",
        "nodeRecovery: x",
    ],
)
def test_wrong_shapes_in_a_charts_values_are_reported(site: SiteCheckout, values: str) -> None:
    (site.folder / "helm/panda/values/values-sphenix.yaml").write_text(values)
    try:
        outcome = migrated(site, storage_class="nas")
    except MigrationError:
        return
    assert outcome.unplaced or outcome.settled


def test_what_is_not_decrypted_is_refused_whole(site: SiteCheckout) -> None:
    values_text(
        site, "auth: {authIdToken: 'ENC[AES256_GCM,data:x,type:str]'}\nsops: {version: 3.9.0, mac: m}\n"
    )
    with pytest.raises(MigrationError, match=r"values-secret\.yaml: is encrypted by sops: decrypt it first"):
        migrated(site)
    (site.folder / "secrets" / "values-secret.yaml").write_bytes(b"\0GITCRYPT\0\xff\x00")
    with pytest.raises(MigrationError, match="git-crypt"):
        migrated(site)
    values_text(site, "$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    with pytest.raises(MigrationError, match="ansible-vault"):
        migrated(site)


def test_every_value_that_only_stands_for_one_is_refused_at_once(site: SiteCheckout) -> None:
    site.secrets(
        {
            "auth": {
                "authIdToken": "ref+vault://a/b",
                "oidc": {"clients": [{"name": "v", "client_id": "${ID}"}]},
            },
            "panda": {"database": {"password": "{{ password }}", "dbhost": "vault:db"}},
        },
        "values-secret.yaml",
    )
    site.file("panda_certs/hostkey.pem", b"\0GITCRYPT\0\xff")
    with pytest.raises(MigrationError) as refused:
        migrated(site)
    for key in (
        "auth.authIdToken",
        "auth.oidc.clients[v].client_id",
        "panda.database.password",
        "panda.database.dbhost",
        "hostkey.pem",
    ):
        assert key in str(refused.value)


def test_backups_and_files_further_down_are_not_taken(site: SiteCheckout) -> None:
    site.file("panda_certs/hostcert.pem", b"now")
    site.file("panda_certs/old.pem.bak", b"then")
    site.file("panda_certs/notes/hostkey.pem~", b"then")
    site.file("cric_jsons/old/sites.json", b"{}")
    outcome = migrated(site)
    assert outcome.secrets == {("certificates", "panda", "certificate"): "now"}
    assert outcome.project_files == {}
    assert len([note for note in outcome.settled if note.file.startswith("secrets/files")]) == 3


def test_files_are_read_in_helms_order_and_named(site: SiteCheckout, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("affix: -one\nauth: {authVO: one}\n")
    (tmp_path / "two.yaml").write_text("affix: -two\n")
    values_text(site, "affix: -never\n")
    files = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    outcome = migrated(site, values_files=files)
    assert (outcome.sections["affix"], outcome.sections["auth"]["vo"]) == ("-two", "one")
    assert outcome.read == ["secrets/values.yaml", *map(str, files)]
    assert [(note.file, note.key) for note in outcome.unplaced] == [("secrets/values-secret.yaml", "")]
    with pytest.raises(MigrationError, match="there is no such file"):
        migrated(site, values_files=[tmp_path / "three.yaml"])


def test_settings_beside_a_kept_stack_file_are_listed_one_by_one(site: SiteCheckout) -> None:
    site.secrets(
        {
            "panda": {"database": {"dbhost": "db.site.org", "name": "panda_db", "user": "other"}},
            "auth": {
                "oidc": {
                    "clients": [
                        {"name": "new", "client_id": "n", "client_secret": "s"},
                        {"name": "old", "client_id": "o", "client_secret": "t"},
                    ]
                }
            },
        },
        "values-secret.yaml",
    )
    outcome = migrated(site)
    kept = StackConfig.model_validate_json(
        json.dumps(
            {
                **outcome.sections,
                "components": {"msgsvc": {}, "panda": {"settings": {"database": {"user": "other"}}}},
                "auth": {"clients": [{"name": "old", "clientId": "o"}]},
            }
        )
    )
    leave_strangers(kept, outcome)
    list_differences(outcome, kept, "Pulumi.x.yaml")
    assert unplaced(outcome) == {
        "panda.database.dbhost",
        "auth.oidc.clients[new]",
        "auth.oidc.clients[new].client_secret",
    }
    assert [path for path in outcome.secrets if path[:2] == _CLIENTS] == [(*_CLIENTS, "old")]


_SCALARS = st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.none())
_TREES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
)
_PLACES = st.sampled_from(
    [
        "affix",
        "auth",
        "auth.oidc",
        "auth.oidc.clients",
        "msgsvc",
        "msgsvc.channels",
        "panda",
        "panda.database",
        "iam",
        "bigmon.auth.providers",
        "harvester.database",
        "cric",
        "cric.real",
        "rucio",
        "object_store",
        "proxy.httpProxy",
    ]
)


@given(_PLACES, _TREES)
@settings(max_examples=40)
def test_no_values_end_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, place: str, tree: object
) -> None:
    site = SiteCheckout(tmp_path_factory.mktemp("site") / "panda-k8s")
    for chart in ("panda", "bigmon", "harvester", "iam"):
        site.values(chart, "sphenix", {"global": {}})
    values: Any = tree
    for part in reversed(place.split(".")):
        values = {part: values}
    values_text(site, fast_yaml.dump(values))
    try:
        outcome = migrate(site.folder, "sphenix", {"kind": "existing"}, "standard")
    except PandaInfraError:
        return
    assert outcome.read


_CHART_PLACES = st.sampled_from(
    [
        "server",
        "server.enabled",
        "server.replicaCount",
        "server.image",
        "server.image.tag",
        "server.resources",
        "server.resources.requests",
        "server.persistentvolume",
        "server.persistentvolume.class",
        "server.ingress",
        "server.ingress.hosts",
        "server.route",
        "server.tolerations",
        "server.affinity",
        "server.nodeSelector",
        "server.podAnnotations",
        "server.extraEnv",
        "server.cvmfs",
        "jedi",
        "nodeRecovery",
        "global",
        "other",
    ]
)


@given(_CHART_PLACES, _TREES)
@settings(max_examples=40)
def test_no_values_of_a_chart_end_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, place: str, tree: object
) -> None:
    site = SiteCheckout(tmp_path_factory.mktemp("site") / "panda-k8s")
    values: Any = tree
    for part in reversed(place.split(".")):
        values = {part: values}
    site.values("panda", "sphenix", values)
    try:
        outcome = migrate(site.folder, "sphenix", {"kind": "existing"}, "standard")
    except PandaInfraError:
        return
    assert outcome.read
