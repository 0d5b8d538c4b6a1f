"""The readers themselves: each refuses a value with which its software would not start, or would read another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from testbed.charts import FIXTURES
from testbed.consumers.pods import Container, File
from tests.support.materialised import materialised
from tests.support.readers import bigmon, harvester, iam, spring, templates, ui
from tests.support.readers.values import RefusedError

_CONFIG = "/opt/harvester/etc/configmap/panda_harvester_configmap.json"
_LOCAL = "/data/bigmon/configmap/local.py.template"
_YAML = "/indigo-iam/config/application-oidc.yml"
_KEYS = "/indigo-iam/config/iam-keystore.jwks"


def changed(name: str, environment: Mapping[str, str | None], stack: str = "tests/turned") -> Container:
    """A container with other variables, None for one that is not there."""
    container = materialised(stack, FIXTURES)[name]
    both = {**container.environment, **environment}
    return replace(container, environment={key: text for key, text in both.items() if text is not None})


def edited(name: str, path: str, old: str, new: str, stack: str = "tests/turned") -> Container:
    """A container with a text of one of its files replaced; without ``old`` the whole file."""
    container = materialised(stack, FIXTURES)[name]
    content = container.files[path].content.decode()
    assert old in content
    text = content.replace(old, new) if old else new
    return replace(container, files={**container.files, path: File(text.encode())})


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"IAM_PORT": "http"}, "server.port is no whole number"),
        ({"IAM_PORT": "0"}, "server.port is not between"),
        ({"IAM_DB_PORT": "tcp://10.0.0.1:3306"}, "spring.datasource.url"),
        ({"IAM_LOGO_HEIGHT": "150px"}, "iam.logo.height is no whole number"),
        ({"IAM_NOTIFICATION_DISABLE": "never"}, "notification.disable is neither true nor false"),
        ({"IAM_LOCAL_AUTHN_ENABLED_FOR": "admins"}, "iam.local-authn.enabled-for is none of"),
        ({"IAM_BASE_URL": "iam.site.org"}, "iam.baseUrl is no URL"),
        ({"IAM_TOPBAR_TITLE": "${nowhere}"}, "iam.topbarTitle has a placeholder that nothing resolves"),
        ({"IAM_DB_PASSWORD": "a${IAM_DB_PASSWORD}"}, "spring.datasource.password refers to itself"),
        ({"IAM_DB_PASSWORD": ""}, "spring.datasource.password is empty"),
        ({"IAM_CILOGON_CLIENT_ID": None}, "oidc.providers[0].client.clientId has a placeholder"),
        ({"IAM_JWK_DEFAULT_KEY_ID": None, "IAM_KEY_STORE_LOCATION": None}, "names no mounted file"),
        ({"IAM_JWK_DEFAULT_KEY_ID": "other"}, "is the id of no RSA key"),
        (
            {"IAM_JAVA_OPTS": "-Dspring.profiles.active=prod -Dx='a b'"},
            "IAM_JAVA_OPTS is changed by the shell",
        ),
        ({"SPRING_FLYWAY_LOCATIONS": "filesystem:/nowhere"}, "names a folder without statements"),
        ({"SPRING_FLYWAY_OUTOFORDER": "false"}, "spring.flyway.out-of-order is off"),
        ({"IAM_NOTIFICATION_FROM": " "}, "notification.mailFrom is empty"),
    ],
)
def test_iam(environment: Mapping[str, str | None], words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        iam.read(changed("iam/main", environment))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        (_YAML, "issuer: https", "issuer: ftp", "issuer is no URL"),
        (_YAML, "oidc:", "oidc: [", "cannot be read"),
        (_YAML, "providers:", "provider:", "has a placeholder that nothing resolves"),
        (_YAML, "${iam.baseUrl}", "${iam.address}", "redirectUris has a placeholder"),
        (_KEYS, "", "{}", "is no JSON Web Key Set"),
        ("/indigo-iam/config/V3_1__first_accounts.sql", "UPDATE", "UPDATE ${table} ", "has a placeholder"),
    ],
)
def test_iams_files(path: str, old: str, new: str, words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        iam.read(edited("iam/main", path, old, new))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PANDA_DB_PASSWORD": 'a"b'}, "local.py is no Python"),
        ({"BIGMON_SECRET_KEY": "a'b"}, "local.py is no Python"),
        ({"ES_PASSWORD": "${PANDA_DB_PASSWORD}"}, "has a value in which a name is replaced too"),
        ({"SOCIAL_AUTH_GITHUB_KEY": None}, "keeps ${SOCIAL_AUTH_GITHUB_KEY}"),
        ({"BIGMON_SECRET_KEY": ""}, "MY_SECRET_KEY is empty"),
        ({"BIGMON_DEPLOYMENT": "ORACLE_DOMA"}, "DATABASES is None"),
        ({"BIGMON_DEPLOYMENT": "MYSQL"}, "BIGMON_DEPLOYMENT is none of"),
        ({"PANDA_DB_PORT": "tcp"}, "PORT is no whole number"),
        ({"PANDA_DB_HOST": ""}, "HOST is no host name"),
        ({"BIGMON_NUM_WSGI_PROC": "0"}, "BIGMON_NUM_WSGI_PROC is not between"),
        ({"PANDA_SERVER_URL": None}, "PANDA_SERVER_URL is missing"),
        ({"PANDA_API_URL": "panda-server"}, "PANDA_API_URL is no URL"),
        ({"BIGMON_INSTALLED_APPS_LIST": "core.oauth"}, "INSTALLED_APPS has core.oauth twice"),
        ({"BIGMON_AUTH_PROVIDER_LIST": "cern,other"}, "AUTH_PROVIDER_LIST is none of"),
        ({"SOCIAL_AUTH_CERNOIDC_SECRET": ""}, "SOCIAL_AUTH_CERNOIDC_SECRET is empty"),
        ({"RUCIO_PASSWORD": "100%"}, "rucio.cfg cannot be read"),
        ({"RUCIO_PASSWORD": "é"}, "rucio.cfg has a letter outside ASCII"),
        ({"RUCIO_AUTH_TYPE": "x509_proxy", "X509_USER_PROXY": "/nowhere"}, "names no mounted file"),
        ({"IDDS_AUTH_ID_TOKEN": 'a"'}, "idds_token.json is no JSON"),
        ({"OBJECTSTORE_PORT": ""}, "OBJECT_STORE is no whole number"),
    ],
)
def test_bigmon(environment: Mapping[str, str | None], words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        bigmon.read(changed("bigmon/main", environment))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PANDA_DB_PORT": "10121"}, "has one of host and port without the other"),
        ({"PANDA_DB_PORT": "10121", "PANDA_DB_HOST": "ADCR"}, "has an alias of Oracle"),
        ({"PANDA_DB_NAME": ""}, "NAME is empty"),
    ],
)
def test_bigmon_on_oracle(environment: Mapping[str, str | None], words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        bigmon.read(changed("bigmon/main", environment, "tests/oracle"))
    assert words in str(refused.value)


def test_bigmons_settings_do_nothing() -> None:
    with pytest.raises(RefusedError, match="does not run: NameError"):
        bigmon.read(edited("bigmon/main", _LOCAL, "DEBUG =", "DEBUG = open('/etc/passwd') and"))


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PANDAUI_SECRET_KEY": ""}, "PANDAUI_SECRET_KEY is empty"),
        ({"PANDAUI_VO": None}, "PANDAUI_VO is missing"),
        ({"PANDAUI_FRONTEND_BASE_URL": "https://"}, "is no host name"),
        ({"PANDAUI_ALLOWED_HOSTS": ","}, "ALLOWED_HOSTS does not have"),
        ({"AUTH_IAM_CLIENT_ID": ""}, "AUTH_IAM_CLIENT_ID is empty"),
        ({"DB_CONN_PANDAUI_VENDOR": "mysql"}, "PANDAUI VENDOR is none of"),
        ({"DB_CONN_PANDAUI_VENDOR": "oracle"}, "PANDAUI PORT stands beside"),
        ({"DB_CONN_PANDAUI_HOST": None}, "PANDAUI HOST is empty"),
        ({"DB_CONN_OTHER_NAME": "x"}, "VENDOR is missing"),
        ({"DB_SCHEMA_PANDA": ""}, "DB_SCHEMA_PANDA is empty"),
    ],
)
def test_ui(environment: Mapping[str, str | None], words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        ui.read(changed("ui/backend", environment))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MARIADB_PASSWORD": "0012"}, "db.password is no text"),
        ({"MARIADB_PASSWORD": "None"}, "db.password is no text"),
        ({"MARIADB_PASSWORD": "é"}, "db.password has a letter outside ASCII"),
        ({"MARIADB_PASSWORD": "a b"}, "is split into words by the shell"),
        ({"HARVESTER_ID": "7"}, "master.harvester_id is no text"),
        ({"HARVESTER_CRIC_OS": None}, "HARVESTER_CRIC_OS is missing"),
        ({"HARVESTER_CRIC_SCHEDCONFIG": "/var/cric/queues.json"}, "panda_queues.json is no URL"),
        ({"PANDA_URL_SSL": ""}, "pandacon.pandaURL is no URL"),
        ({"PANDA_AUTH_ID_TOKEN": "file:/opt/harvester/etc/auth_tokens/panda_token"}, "that nothing writes"),
        ({"HARVESTER_DB_HOST": "maria db"}, "db.host is no host name"),
    ],
)
def test_harvester(environment: Mapping[str, str | None], words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        harvester.read(changed("harvester/harvester", environment))
    assert words in str(refused.value)


def test_harvesters_files() -> None:
    client = "/opt/harvester/etc/auth/token_panda-internal_client.json"
    with pytest.raises(RefusedError, match="is no JSON of a client"):
        harvester.read(edited("harvester/harvester", client, "client_id", "id"))
    with pytest.raises(RefusedError, match="auth_token names a file that nothing writes"):
        harvester.read(edited("harvester/harvester", _CONFIG, "pandaserver-doma.cern.ch", "other.cern.ch"))


def test_templates_are_filled_in_one_name_after_the_other() -> None:
    assert templates.substituted("t", "${A}-$B-${A}", {"A": "x$", "B": "y"}) == "x$-$B-x$"
    with pytest.raises(RefusedError, match="keeps"):
        templates.substituted("t", "${A}", {})
    with pytest.raises(RefusedError, match="is replaced too"):
        templates.substituted("t", "${A}${B}", {"A": "${B}", "B": "y"})


def test_ini_files_take_the_percent_sign_for_another_option() -> None:
    assert templates.ini("i", "[a]\nb = 5 %%\nc = %(b)s") == {"a": {"b": "5 %", "c": "5 %"}}
    with pytest.raises(RefusedError, match="InterpolationSyntaxError"):
        templates.ini("i", "[a]\nb = 5 % of it")


def test_spring_looks_a_name_up_in_all_its_spellings() -> None:
    files = [spring.from_yaml("iam: {baseUrl: 'http://${IAM_HOST:${fallback:none}}', list: [a, b]}")]
    assert spring.Environment({}, files).text("iam.base-url") == "http://none"
    assert spring.Environment({"IAM_HOST": "a"}, files).text("iam.baseUrl") == "http://a"
    assert spring.Environment({"IAM_BASEURL": "direct"}, files).text("iam.base-url") == "direct"
    assert spring.Environment({"IAM_LIST": "c, d"}, files).items("iam.list") == ["c", "d"]
    assert spring.Environment({}, files).items("iam.list") == ["a", "b"]
    assert spring.from_properties("# no\na.b=1\nc : 2\nd 3\n") == {"a.b": "1", "c": "2", "d": "3"}
