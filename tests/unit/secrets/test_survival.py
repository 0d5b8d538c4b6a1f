"""Any password: byte for byte in front of its reader, or refused with a reason that does not repeat it."""

from __future__ import annotations

import ast
import configparser
import io
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.paths import Path
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.products.panda.components.iam.contents import FIRST_ACCOUNTS
from panda_infra.products.panda.context import Context
from panda_infra.products.panda.limits import BROKER, INI, PYTHON, SED, SHELL, TOKEN, URL
from panda_infra.products.registry import BUILDERS
from panda_infra.products.secret_values import Limit
from panda_infra.secrets.fields import fields
from panda_infra.secrets.usable import check_value
from tests.unit.secrets.stacks import FULL, MINIMAL, config

TRICKY = "'\"\\$%#&/@:?[]{}<>|;!`~ \n\r\t\u00e4\u6f22\U0001f600\u2028=*^()+,._-aZ09"
LONG = 4096
passwords = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.text(TRICKY, min_size=1, max_size=40),
    st.text(TRICKY, min_size=1, max_size=8).map(lambda text: (text * LONG)[:LONG]),
)

# Where each value ends up as the whole of an environment variable.
PLACES: dict[Path, tuple[tuple[str, str], ...]] = {
    ("panda", "databasePassword"): (
        ("panda-envs", "PANDA_DB_PASSWORD"),
        ("bigmon-envs", "PANDA_DB_PASSWORD"),
    ),
    ("idds", "databasePassword"): (
        ("idds-envs", "IDDS_DATABASE_PASSWORD"),
        ("idds-db-envs", "POSTGRES_PASSWORD"),
        ("bigmon-envs", "IDDS_DB_PASSWORD"),
    ),
    ("harvester", "databasePassword"): (("harvester-envs", "MARIADB_PASSWORD"),),
    ("harvester", "databaseRootPassword"): (("harvester-envs", "MARIADB_ROOT_PASSWORD"),),
    ("iam", "databasePassword"): (("iam-envs", "IAM_DB_PASSWORD"), ("iam-db-envs", "MARIADB_PASSWORD")),
    ("msgsvc", "basePassword"): (("msgsvc-envs", "ACTIVEMQ_BASE_PASSWD"),),
    ("bigmon", "secretKey"): (("bigmon-envs", "BIGMON_SECRET_KEY"),),
    ("ui", "secretKey"): (("ui-envs", "PANDAUI_SECRET_KEY"),),
    ("rucio", "password"): (("panda-envs", "PANDA_RUCIO_PASSWORD"), ("bigmon-envs", "RUCIO_PASSWORD")),
}
_STACK = config(MINIMAL)
_FULL = config(FULL)
FIELDS = {field.path: field for field in fields(_STACK)}


def with_secrets(stack: StackConfig, *values: tuple[Path, str]) -> StackConfig:
    document: dict[str, Any] = {}
    for path, value in values:
        here = document
        for part in path[:-1]:
            here = here.setdefault(str(part), {})
        here[str(path[-1])] = value
    return stack.model_copy(update={"secrets": Secrets.model_validate(document, strict=False)})


def made(stack: StackConfig, suffix: str, key: str) -> str:
    value = BUILDERS[suffix](Context(stack))[key]
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize("path", PLACES, ids=".".join)
@given(value=passwords)
def test_a_pod_sees_the_value_or_it_is_refused(path: Path, value: str) -> None:
    stack = with_secrets(_STACK, (path, value))
    reasons = list(check_value(FIELDS[path], value, stack))
    if reasons:
        assert len(value) < 8 or not any(value in reason for reason in reasons)
        return
    for suffix, key in PLACES[path]:
        assert made(stack, suffix, key) == value


@given(value=passwords)
def test_iams_first_password_survives_its_migration(value: str) -> None:
    stack = with_secrets(_STACK, (("iam", "superuserPassword"), value))
    if list(check_value(FIELDS["iam", "superuserPassword"], value, stack)):
        return
    script = made(stack, "iam-conf", FIRST_ACCOUNTS)
    assert "${" not in script, "Flyway would replace it"
    (literal, *_) = re.findall(r"`password` = '((?:''|\\\\|[^'\\])*)'", script)
    assert literal.replace("''", "'").replace("\\\\", "\\") == value


@given(value=passwords)
def test_json_and_sql_carry_any_value(value: str) -> None:
    stack = with_secrets(
        _FULL, (("auth", "internalClientSecret"), value), (("harvester", "databasePassword"), value)
    )
    cache = json.loads(made(stack, "panda-token-cache", "token_cache_config.json"))
    assert cache["internal"]["secret"] == value
    script = made(stack, "harvester-initdb", "init_harvester_db.sql")
    (literal,) = re.findall(r"IDENTIFIED BY '((?:''|\\\\|[^'\\])*)';", script)
    assert literal.replace("''", "'").replace("\\\\", "\\") == value


def _python(value: str) -> str:
    # The start script replaces ${NAME} in the whole text, whatever an earlier value brought in.
    assert "${" not in value
    found = {ast.literal_eval(f"{quote}{value}{quote}") for quote in ("'", '"')}
    (read,) = found
    return str(read)


def _ini(value: str) -> str:
    parser = configparser.ConfigParser()
    parser.read_file(io.StringIO(f"[client]\npassword = {value}\naccount = a\n"))
    return parser["client"]["password"]


def _url_in_ini(value: str) -> str:
    parser = configparser.ConfigParser()
    parser.read_dict({"database": {"default": f"postgresql://idds:{value}@host:5432/idds_db"}})
    match = re.fullmatch(r"[\w+]+://(?:[^:/]*):([^@]*)@([^/:@]*):(\d+)/(.+)", parser["database"]["default"])
    assert match is not None
    return unquote(match[1])


def _word(value: str) -> str:
    (word,) = value.split()
    return word


def _json_text(value: str) -> str:
    return str(json.loads(f'{{"id_token": "{value}"}}')["id_token"])


def _properties(value: str) -> str:
    """Java's properties: Latin-1, backslash escapes, white space around the separator dropped."""
    line = f"system={value}".encode("latin-1").decode("latin-1")
    assert "\\" not in line
    return line.partition("=")[2].lstrip()


def _sed(value: str) -> str:
    assert not set("/&\\\n'") & set(value)
    return value


@pytest.mark.parametrize(
    ("limit", "reader"),
    [
        (PYTHON, _python),
        (INI, _ini),
        (URL, _url_in_ini),
        (SHELL, _word),
        (TOKEN, _json_text),
        (BROKER, _properties),
        (BROKER, _json_text),
        (BROKER, _ini),
        (SED, _sed),
    ],
    ids=lambda each: each.__name__.strip("_") if callable(each) else None,
)
@given(value=passwords | st.text("!#&()*+,-./0:;<=>?@A[]^_`{|}~a", min_size=1, max_size=20))
def test_what_a_limit_lets_through_its_reader_reads_unchanged(
    limit: Limit, reader: Callable[[str], str], value: str
) -> None:
    if "\0" not in value and not limit.hits(value):
        assert reader(value) == value


@pytest.mark.parametrize("value", ["a\0b", "x" * 200_000])
def test_what_no_environment_variable_can_hold_is_refused(value: str) -> None:
    assert list(check_value(FIELDS["ui", "secretKey"], value, _STACK))
