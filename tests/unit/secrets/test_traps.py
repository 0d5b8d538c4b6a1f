"""Known defects of upstream's Secrets, by their names in docs/deviations.md: here they are right or refused."""

from __future__ import annotations

import configparser
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from panda_infra.products.panda.keystore import check_keystore, make_keystore
from panda_infra.rules.judge import judge_given, judge_values
from panda_infra.rules.warnings import warnings
from panda_infra.secrets.build import build
from panda_infra.secrets.certified_hosts import certified_hosts
from panda_infra.secrets.fields import missing
from panda_infra.secrets.generate import stand_ins
from panda_infra.secrets.rolling import pod_annotations
from tests.support import fast_yaml
from tests.unit.secrets.stacks import FULL, MINIMAL, ORACLE, SECRETS, config

Change = Mapping[str, Any]


def secret(suffix: str, base: dict[str, Any] = MINIMAL, /, **sections: Any) -> dict[str, str]:
    return {key: value.decode() for key, value in build(config(base, **sections))[suffix].data.items()}


@cache
def keystore() -> str:
    return make_keystore()


def problems(base: dict[str, Any] = MINIMAL, /, **sections: Any) -> list[str]:
    stack = config(base, {"secrets": {"iam": {"keystore": keystore()}}}, **sections)
    stack = stack.model_copy(update={"secrets": stand_ins(stack)})
    return [f"{problem.where}: {problem.what}" for problem in judge_given(stack, stack="test")]


def component(name: str, **settings: Any) -> dict[str, Any]:
    return {name: {"settings": settings}}


def test_t01_the_signing_key_is_generated_and_long() -> None:
    assert "iam.keystore" in [each.key for each in missing(config(secrets={"iam": {"keystore": ""}}))]
    assert check_keystore(keystore()) is None


@pytest.mark.parametrize(
    ("ids", "used"),
    [(["rsa1"], "rsa1"), (["rsa-5f3a"], "rsa-5f3a"), (["a", "b"], "a"), (["a", "rsa1"], "rsa1")],
)
def test_t01_iam_signs_with_a_key_that_is_there(ids: list[str], used: str) -> None:
    keys = json.dumps({"keys": [{"kty": "EC", "kid": "e"}, *({"kty": "RSA", "kid": each} for each in ids)]})
    assert secret("iam-envs", secrets={"iam": {"keystore": keys}})["IAM_JWK_DEFAULT_KEY_ID"] == used


def test_t01_a_new_key_has_the_id_that_iam_looks_for() -> None:
    assert [key["kid"] for key in json.loads(keystore())["keys"]] == ["rsa1"]
    assert secret("iam-envs")["IAM_JWK_DEFAULT_KEY_ID"] == "rsa1"


def test_t02_what_the_world_can_read_holds_no_secret_of_the_internal_client() -> None:
    public = "".join(secret("panda-auth", FULL).values())
    assert "internal-secret" not in public
    assert "pilot-secret" not in public


def test_t04_broker_passwords_follow_the_rule_of_the_brokers_own_script() -> None:
    assert secret("msgsvc-envs")["ACTIVEMQ_BASE_PASSWD"] == "broker-password"
    assert secret("panda-envs")["PANDA_ACTIVEMQ_PASSWD_jedi"] == "broker-password_jedi"
    assert secret("idds-envs")["IDDS_RECEIVER_PASSWORD"] == "broker-password_idds"


def test_t04_an_administrators_password_does_not_follow_from_a_users() -> None:
    assert secret("harvester-envs")["MARIADB_ROOT_PASSWORD"] == "harvester-root"
    assert secret("iam-db-envs")["MARIADB_ROOT_PASSWORD"] == "iam-root"


def test_t05_no_account_of_iam_keeps_a_password_that_everybody_knows() -> None:
    script = secret("iam-conf")["V3_1__first_accounts.sql"]
    assert "`username` = 'superuser', `password` = 'iam-superuser'" in script
    assert "WHERE `username` = 'admin' AND `password` = 'password'" in script
    assert "WHERE `client_id` = 'client' AND `client_secret` = 'secret'" in script
    (unguessable,) = re.findall("SET `client_secret` = '([0-9a-f]{64})'", script)
    assert unguessable not in secret("iam-conf", secrets={"hashKey": "another"})["V3_1__first_accounts.sql"]
    assert secret("iam-envs")["SPRING_FLYWAY_LOCATIONS"].split(",") == [
        "classpath:db/migration/mysql",
        "classpath:db/migration/prod",
        "filesystem:/indigo-iam/config/..data",
    ]


def test_t05_other_profiles_run_none_of_its_statements() -> None:
    components = component("iam", profiles=["mysql-test"])
    assert "SPRING_FLYWAY_LOCATIONS" not in secret("iam-envs", components=components)
    assert "V3_1__first_accounts.sql" not in secret("iam-conf", components=components)


@pytest.mark.parametrize(
    "value", ["12345", "no", "off", "ab #cd", "@x", "1e3", "0x10", "null", "~", '"', "\\"]
)
def test_t07_a_value_is_text_whatever_yaml_would_make_of_it(value: str) -> None:
    stack = {"ui": {"secretKey": value}, "iam": {**SECRETS["iam"], "databasePassword": value}}
    assert secret("ui-envs", secrets=stack)["PANDAUI_SECRET_KEY"] == value
    assert secret("iam-envs", secrets=stack)["IAM_DB_PASSWORD"] == value


def test_t08_idds_embedded_postgres_gets_what_its_image_demands() -> None:
    envs = secret("idds-db-envs")
    wanted = {"POSTGRES_DB": "idds_db", "POSTGRES_USER": "idds", "POSTGRES_PASSWORD": "idds-password"}
    assert wanted.items() <= envs.items()
    assert "POSTGRES_DB" not in secret("idds-db-envs", ORACLE)


def test_t09_bigmon_falls_back_to_pandas_database_key_by_key() -> None:
    panda, bigmon = secret("panda-envs"), secret("bigmon-envs")
    same = [f"PANDA_DB_{key}" for key in ("BACKEND", "HOST", "PORT", "NAME", "USER", "PASSWORD")]
    assert {key: panda[key] for key in same} == {key: bigmon[key] for key in same}
    own = secret("bigmon-envs", components=component("bigmon", database={"host": "replica.site.org"}))
    assert (own["PANDA_DB_HOST"], own["PANDA_DB_NAME"]) == ("replica.site.org", "panda_db")


def test_t10_the_object_store_has_both_sets_of_names() -> None:
    envs = secret("bigmon-envs", FULL)
    pairs = {"HOST": "host_name", "PORT": "port", "BUCKET": "bucket_name"}
    pairs |= {"ACCESSKEY": "access_key", "SECRETKEY": "secret_key"}
    for read, written in pairs.items():
        assert envs[f"OBJECTSTORE_{read}"] == envs[written] != ""


def test_t11_bigmon_reads_no_name_that_is_not_set_and_no_database_that_it_lacks() -> None:
    envs = secret("bigmon-envs", FULL)
    assert envs["SOCIAL_AUTH_GOOGLE_OAUTH2_KEY"] == envs["SOCIAL_AUTH_GOOGLE_KEY"] == "bigmon-google"
    assert envs["SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET"] == "google-secret"
    names = {"PRODSYS_TOKEN", "ES_USER", "ES_PASSWORD", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"}
    assert names | {"GRAFANA_AUTH_TOKEN", "OC_TOKEN"} <= envs.keys()
    assert envs["BIGMON_DB_ACCESS"] == "dbaccess_postgres"
    assert secret("bigmon-envs", ORACLE)["BIGMON_DB_ACCESS"] == "dbaccess_oracle_atlas"


def test_t11_oracle_is_an_alias_to_bigmon() -> None:
    envs = secret("bigmon-envs", ORACLE)
    parts = ("NAME", "HOST", "PORT")
    assert [envs[f"PANDA_DB_{part}"] for part in parts] == ["PANDA_DB", "", ""]
    own = secret("bigmon-envs", ORACLE, components=component("bigmon", database={"host": "ADCR"}))
    assert own["PANDA_DB_NAME"] == "ADCR"
    by_sid = {"name": "x", "host": "oracle.site.org", "port": 1521}
    own = secret("bigmon-envs", ORACLE, components=component("bigmon", database=by_sid))
    assert [own[f"PANDA_DB_{part}"] for part in parts] == ["x", "oracle.site.org", "1521"]


@pytest.mark.parametrize(
    ("database", "key"),
    [({"port": 1521}, "port"), ({"name": "x", "port": 1521}, "port"), ({"name": "x", "host": "h"}, "host")],
)
def test_t11_parts_of_an_address_without_the_others_are_refused(database: dict[str, Any], key: str) -> None:
    reported = problems(ORACLE, components=component("bigmon", database=database))
    where = f"components.bigmon.settings.database.{key}"
    assert [each.split(":")[0] for each in reported if "no meaning" in each] == [where]


def test_t11_oracle_of_others_than_atlas_leaves_bigmon_without_a_database() -> None:
    where = "components.bigmon.settings.deployment"
    assert where in [problem.where for problem in warnings(config(ORACLE), stack="test")]
    atlas = config(ORACLE, components=component("bigmon", deployment="ORACLE_ATLAS_TB"))
    assert where not in [problem.where for problem in warnings(atlas, stack="test")]
    assert where not in [problem.where for problem in warnings(config(FULL), stack="test")]


def test_t11_bigmon_asks_the_server_of_the_stack() -> None:
    envs = secret("bigmon-envs")
    for name, address in (
        ("PANDA_URL", "http://panda-server:80/server/panda"),
        ("PANDA_URL_SSL", "https://panda-server:443/server/panda"),
        ("PANDA_API_URL", "http://panda-server:80/api/v1"),
        ("PANDA_API_URL_SSL", "https://panda-server:443/api/v1"),
        ("PANDA_SERVER_URL", "https://panda-server:443/server/panda"),
    ):
        assert envs[name] == address
    assert envs["PANDA_VERIFY_HOST"] == "off"


def test_t11_bigmon_offers_the_stacks_providers_and_no_others() -> None:
    assert secret("bigmon-envs")["BIGMON_AUTH_PROVIDER_LIST"] == "none"
    assert secret("bigmon-envs", FULL)["BIGMON_AUTH_PROVIDER_LIST"] == "Google,cern,github,indigoiam"
    unset = {
        name for name, value in secret("bigmon-envs").items() if name.startswith("SOCIAL_") and value == ""
    }
    assert len(unset) == 9


@pytest.mark.parametrize(
    ("suffix", "key"),
    [
        ("panda-envs", "PANDA_URL"),
        ("panda-envs", "PANDA_API_URL"),
        ("harvester-envs", "PANDA_URL"),
        ("idds-envs", "PANDA_URL"),
        ("bigmon-envs", "CRIC_API_URL"),
    ],
)
def test_t12_the_port_without_tls_is_spoken_to_without_tls(suffix: str, key: str) -> None:
    assert secret(suffix)[key].startswith("http://panda-server:80/")


def test_t13_idds_knows_robots_overrides_and_the_internal_client() -> None:
    ini = json.loads(secret("idds-auth", FULL)["auth.cfg.json"])["/opt/idds/config/idds/auth.cfg"]
    assert ini["panda_dev"]["robot_ids"] == "robot-1,robot-2"
    assert ini["Rubin.production"]["audience"] == "https://other.site.org"
    assert ini["panda_dev.internal"]["client_id"] == "internal-client"
    parser = configparser.ConfigParser()
    parser.read_dict(ini)
    read = {name: dict(parser[name]) for name in parser.sections()}
    assert read == ini


def test_t13_a_secret_with_a_word_of_upstreams_template_stays_whole() -> None:
    given = {"auth": {"clientSecrets": {"panda_dev": "xIDxSECRETxURLxNAME"}}}
    assert (
        '"client_secret":"xIDxSECRETxURLxNAME"' in secret("idds-auth", FULL, secrets=given)["auth.cfg.json"]
    )


def test_t14_harvester_and_server_find_every_variable_that_their_configuration_names() -> None:
    assert secret("harvester-envs")["PANDA_API_URL_SSL"] == "https://panda-server:443/api/v1"
    assert "PANDA_CRIC_URLTAGS" in secret("panda-envs")


def test_t14_software_tags_come_from_where_the_queues_come_from() -> None:
    assert secret("panda-envs")["PANDA_CRIC_URLTAGS"] == "/var/cric/sw_tags.json"
    tags = "https://cric.site.org/queue/?json&preset=tags"
    assert secret("panda-envs", ORACLE)["PANDA_CRIC_URLTAGS"] == tags


def test_t15_addresses_are_whole() -> None:
    harvester = secret("harvester-envs", FULL)
    assert harvester["BIGMON_BASE_URL"] == "https://bigmon.site.org"
    assert harvester["HARVESTER_CRIC_SCHEDCONFIG"] == "https://panda-dev-server:443/cric/panda_queues.json"
    assert secret("idds-envs")["IDDS_SERVER"] == "https://panda-idds-rest:8443"
    assert secret("idds-envs", ORACLE)["https_proxy"] == "http://tls-proxy.site.org:3128"


def test_an_issuer_inside_is_reached_without_the_proxy() -> None:
    proxy = {"httpProxy": "http://proxy.site.org:3128"}
    inside = secret("panda-envs", proxy=proxy)["no_proxy"].split(",")
    assert "iam-main" in inside
    outside = secret("panda-envs", proxy=proxy, hosts={"iam": "iam.site.org"})["no_proxy"].split(",")
    assert [host for host in outside if "iam" in host] == []


def test_t16_what_keeps_the_long_lived_token_is_reported() -> None:
    reported = [problem.where for problem in warnings(config(FULL), stack="test")]
    assert reported.count("auth.internal") == 2


def test_t16_harvester_looks_for_its_token_where_its_credential_manager_writes_it() -> None:
    target = "https://pandaserver-doma.cern.ch:25443"  # of the charts' configuration
    name = hashlib.md5(target.encode(), usedforsecurity=False).hexdigest()
    token = secret("harvester-envs", FULL, experiment="local")["PANDA_AUTH_ID_TOKEN"]
    assert token == f"file:/opt/harvester/etc/auth_tokens/{name}"
    at_cern = secret("harvester-envs", FULL, experiment="doma")["PANDA_AUTH_ID_TOKEN"]
    assert at_cern == "file:/data/tokens/harvester_pandaserver/harvester_panda_token"


def test_t16_harvester_makes_the_token_endpoint_of_the_issuer() -> None:
    client = json.loads(build(config(FULL))["harvester-auth"].data["token_panda-internal_client.json"])
    cache = json.loads(secret("panda-token-cache", FULL)["token_cache_config.json"])
    assert f"{client['issuer']}/token" == cache["pilot_server"]["endpoint"] == "https://iam.site.org/token"
    other = {"internal": {"clientId": "i", "tokenEndpoint": "https://login.site.org/oauth2/tokens"}}
    (reported,) = [each for each in problems(auth=other) if each.startswith("auth.internal.tokenEndpoint")]
    assert "does not end with /token" in reported


def test_t16_the_internal_clients_tokens_say_for_whom_they_are() -> None:
    cache = json.loads(secret("panda-token-cache", FULL)["token_cache_config.json"])
    auth = json.loads(secret("idds-auth", FULL)["auth.cfg.json"])["/opt/idds/config/idds/auth.cfg"]
    (audience,) = parse_qs(urlsplit(cache["internal"]["endpoint"]).query)["audience"]
    assert audience == auth["panda_dev.internal"]["audience"] == "https://panda.site.org"
    assert "?" not in cache["pilot_server"]["endpoint"]


def test_idds_listens_where_the_server_and_jedi_send() -> None:
    assert secret("idds-envs")["IDDS_RECEIVER_DESTINATION"] == "/topic/panda_idds"
    assert secret("idds-envs")["IDDS_CONDUCTOR_DESTINATION"] == "/queue/idds_panda"


def test_iams_health_check_asks_only_what_the_stack_names() -> None:
    probe = "IAM_HEALTH_EXTERNAL_CONNECTIVITY_PROBE"
    assert secret("iam-envs")[f"{probe}_ENABLED"] == "false"
    envs = secret("iam-envs", FULL)
    assert (envs[f"{probe}_ENABLED"], envs[f"{probe}_ENDPOINT"]) == ("true", "https://www.site.org")


def test_t17_the_ui_on_postgresql_knows_where_that_is() -> None:
    envs = secret("ui-envs")
    assert envs["DB_CONN_PANDAUI_VENDOR"] == "postgresql"
    assert envs["DB_CONN_PANDAUI_HOST"] == envs["PANDA_DB_HOST"] == "panda-postgres"
    assert envs["DB_CONN_PANDAUI_PORT"] == envs["PANDA_DB_PORT"] == "5432"
    assert "PANDA_DB_HOST" not in secret("ui-envs", ORACLE)


def test_t18_only_what_is_deployed_has_secrets() -> None:
    assert set(build(config({**MINIMAL, "components": {"msgsvc": {}}}))) == {"msgsvc-envs"}


@pytest.mark.parametrize(
    ("affix", "server", "iam"),
    [
        ("", "panda-server", "iam-db-mariadb"),
        ("-x", "panda-x-server", "iam-x-db-mariadb"),
        ("x-", "x-panda-server", "x-iam-db-mariadb"),
    ],
)
def test_t19_hosts_inside_secrets_follow_the_affix_as_releases_do(affix: str, server: str, iam: str) -> None:
    assert secret("harvester-envs", affix=affix)["PANDA_URL_SSL"] == f"https://{server}:443/server/panda"
    assert secret("iam-envs", affix=affix)["IAM_DB_HOST"] == iam


def test_t26_a_new_value_reaches_running_pods() -> None:
    before, after = (config(MINIMAL, secrets={"ui": {"secretKey": key}}) for key in ("old", "new"))
    seen = [pod_annotations(each, build(each), each.secrets.hash_key) for each in (before, after)]
    assert seen[0] != seen[1]


@pytest.mark.parametrize(
    ("components", "settings", "host"),
    [
        ({"iam-db": {}}, {}, "iam-db-mariadb"),
        ({"iam": {"mariadb": {"enabled": True}}}, {}, "iam-mariadb"),
        ({"iam-db": {}}, {"database": {"host": "db.site.org"}}, "db.site.org"),
    ],
)
def test_t27_iams_database_is_the_one_that_there_is(components: Change, settings: Change, host: str) -> None:
    iam = {**components.get("iam", {}), "settings": settings}
    stack = {**MINIMAL, "components": {**components, "iam": iam}}
    assert secret("iam-envs", stack)["IAM_DB_HOST"] == host


def test_t29_the_embedded_database_starts_twice_and_has_one_database_per_replica() -> None:
    script = secret("harvester-initdb", ORACLE)["init_harvester_db.sql"]
    creations = [line for line in script.splitlines() if line.startswith("CREATE")]
    assert all("IF NOT EXISTS" in line for line in creations)
    assert [f"harvester_{i}" in script for i in range(4)] == [True, True, True, False]
    envs = secret("harvester-envs", ORACLE)
    assert envs["MARIADB_DATABASE_PREFIX"] == envs["MARIADB_DATABASE"]
    assert "localhost" not in script


def test_t29_what_the_experiments_scripts_do_not_read_is_refused() -> None:
    reported = problems(components=component("harvester", database={"databasePerReplica": True}))
    assert [line.partition(":")[0] for line in reported] == [
        "components.harvester.settings.database.databasePerReplica"
    ]


def test_t30_the_broker_lets_jedi_use_all_its_queues() -> None:
    channels = secret("msgsvc-envs")["ACTIVEMQ_CHANNELS"].split(";")
    assert {"jedi_contents_feeder:jedi:jedi", "jedi_job_generator:jedi:jedi"} <= set(channels)
    assert "idds_panda:idds:panda,jedi" in channels


def test_t30_accounts_that_log_in_must_exist() -> None:
    reported = problems(components=component("msgsvc", accounts=["panda"]))
    assert reported == [
        "components.msgsvc.settings.accounts: does not contain jedi, idds, pilot, with which PanDA's services log in"
    ]


def test_t32_an_existing_secret_is_left_to_its_owner_while_jedi_keeps_its_certificates() -> None:
    built = build(config(FULL, components=component("panda", existingSecrets=["panda-tls-certs"])))
    assert "panda-tls-certs" not in built
    assert "hostkey.pem" in built["panda-certs"].data


def test_t32_a_component_presents_its_whole_chain() -> None:
    built = build(config(FULL))
    assert built["bigmon-tls-certs"].data["tls.crt"] == b"CERTIFICATE OF bigmon\nCHAIN OF bigmon\n"
    assert built["bigmon-certs"].data["chain.pem"] == b"CHAIN OF bigmon\n"


def test_t33_exposed_hosts_are_the_ones_that_the_stack_names() -> None:
    hosts = {"panda": "panda.site.org", "bigmon": "bigmon.site.org", "iam": "iam.site.org"}
    assert secret("panda-envs", hosts=hosts)["PANDA_HOSTNAME"] == "panda.site.org"
    assert secret("bigmon-envs", hosts=hosts)["BIGMON_HOST"] == "bigmon.site.org"
    assert secret("iam-envs", hosts=hosts)["IAM_ISSUER"] == "https://iam.site.org"
    everything = [value for content in build(config()).values() for value in content.data.values()]
    assert not any(b"cern.ch" in value for value in everything)


def test_t35_one_experiment_feeds_every_place() -> None:
    assert secret("harvester-envs", ORACLE)["EXPERIMENT"] == "lsst_prod"
    assert "EXPERIMENT" not in secret("harvester-envs")


@pytest.mark.parametrize("real", [False, True])
def test_t37_cric_is_asked_when_real_and_only_then(real: bool) -> None:
    urls = ORACLE["cric"]["urls"]
    envs = secret("panda-envs", cric={"real": real, "urls": urls})
    assert envs["PANDA_CRIC_SITES"].startswith("https://cric" if real else "/var/cric")
    assert ("cric-jsons" in build(config(cric={"real": real, "urls": urls}))) is not real


def test_t38_certificates_made_here_name_the_services() -> None:
    assert "panda-server" in certified_hosts(config(), "panda")


def test_t39_sql_holds_the_password_that_the_pod_sees() -> None:
    password = "a'b\\c\"d"
    script = secret("iam-initdb", secrets={"iam": {"databasePassword": password}})["init_org_db.sql"]
    assert r"IDENTIFIED BY 'a''b\\c" in script


@pytest.mark.parametrize(
    ("key", "password", "reader"),
    [
        ("panda", "a/b", "panda/postgres"),
        ("panda", 'a"b', "bigmon/main"),
        ("idds", "a%40b", "idds/rest"),
        ("harvester", "a b", "harvester/harvester"),
        ("harvester", "00123", "harvester/harvester"),
        ("harvester", "pässword", "harvester/harvester"),
        ("panda", "pässword", "panda/server"),
        ("iam", "a b", "iam-db/backup"),
        ("iam", "#{a}", "iam/main"),
    ],
)
def test_t39_a_password_that_a_reader_would_garble_is_refused(key: str, password: str, reader: str) -> None:
    reported = problems(secrets={key: {"databasePassword": password}})
    assert len(reported) == 1
    assert reported[0].startswith(f"secrets.{key}.databasePassword: holds ")
    assert reader in reported[0]
    assert password not in reported[0]


@pytest.mark.parametrize("password", ["00123", "7", "True", "False", "None"])
def test_t39_digits_and_words_of_python_stay_no_text_in_the_server(password: str) -> None:
    reported = problems(secrets={name: {"databasePassword": password} for name in ("panda", "harvester")})
    known = {"panda/server", "panda/jedi", "harvester/harvester"}
    assert {reader for line in reported for reader in known if reader in line} == known
    assert not any(password in line for line in reported if password not in ("True", "False", "None"))


def test_t39_json_is_ascii_whatever_it_holds() -> None:
    clients = {"internalClientSecret": "pässword", "tokenCacheSecret": "pässword"}
    made = build(config(FULL, secrets={"auth": clients}))
    for suffix, name in (
        ("panda-token-cache", "token_cache_config.json"),
        ("harvester-auth", "token_panda-internal_client.json"),
    ):
        text = made[suffix].data[name].decode("ascii")
        assert "pässword" in str(json.loads(text))


def test_t39_harvesters_name_is_a_text() -> None:
    reported = problems(components=component("harvester", harvesterId="123"))
    assert [line.partition(":")[0] for line in reported] == ["components.harvester.settings.harvesterId"]


def test_a_stack_that_accepts_no_tokens_is_reported() -> None:
    reported = [problem.where for problem in warnings(config(experiment="dev"), stack="test")]
    assert "auth.clients" in reported
    assert "auth.clients" not in [problem.where for problem in warnings(config(FULL), stack="test")]


def test_t39_a_reader_that_is_not_there_refuses_nothing() -> None:
    panda = {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}}
    stack = {**MINIMAL, "components": {"msgsvc": {}, "panda": panda}}
    assert problems(stack, secrets={"panda": {"databasePassword": "a/b&'\"\\"}}) == []


def test_generated_secrets_pass_every_check() -> None:
    for base in (MINIMAL, FULL, ORACLE):
        stack = config({**base, "secrets": {}})
        assert judge_values(stack.model_copy(update={"secrets": stand_ins(stack)}), stack="test") == []


def test_iam_configuration_is_yaml_that_names_its_provider() -> None:
    conf = secret("iam-conf", FULL)
    assert fast_yaml.load(conf["application-oidc.yml"])["oidc"]["providers"][0]["name"] == "cilogon"
    assert fast_yaml.load(conf["application.yml"])["iam"]["user-profile"]["editable-fields"] == ["picture"]
