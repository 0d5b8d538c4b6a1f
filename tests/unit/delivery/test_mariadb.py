"""The Secrets that mariadb-operator reads: hashes in place of passwords, and what stays in a protected stack."""

from __future__ import annotations

from base64 import b64decode

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.delivery.mariadb import mariadb, user_hash
from panda_infra.plan.make import make_plan
from panda_infra.plan.mariadb import ARCHIVE_SECRET, ROOT_SECRET, operated_mariadb
from panda_infra.plan.operators import login_secret
from panda_infra.products.content import SecretContent
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import stand_ins
from tests.support.stacks import stack
from tests.unit.plan.test_mariadb import BACKUP, TRUST, planned, sections

# As MariaDB's own PASSWORD() prints them.
_KNOWN = {
    "mariadb": "*54958E764CE10E50764C2EECBB71D01F08549980",
    "password": "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
}


def hashed(password: str) -> str:
    (each,) = operated_mariadb(planned())
    contents = {
        "harvester-envs": SecretContent("harvester-envs", "Opaque", {"MARIADB_PASSWORD": password.encode()})
    }
    return b64decode(user_hash(each, contents)["hash"]).decode()


def test_hashes_are_those_of_mariadb() -> None:
    assert {password: hashed(password) for password in _KNOWN} == _KNOWN


@given(st.text())
def test_no_password_changes_the_operators_statement(password: str) -> None:
    """The operator writes the hash into a statement between single quotes."""
    text = hashed(password)
    assert text[0] == "*"
    assert len(text) == 41
    assert text[1:].isalnum()


def test_the_operator_gets_what_the_stack_has() -> None:
    config = stack(**sections(BACKUP, instances=2))
    config = config.model_copy(update={"secrets": stand_ins(config)})
    plan = make_plan("demo", config)
    staged = mariadb(plan, config.secrets.mariadb, build(config))
    found = {each.name: each.data for each in staged.secrets}
    (each,) = operated_mariadb(plan)
    assert set(found) == {ROOT_SECRET, ARCHIVE_SECRET, login_secret(each)}
    root = config.secrets.mariadb.root_password
    assert root
    assert b64decode(found[ROOT_SECRET]["password"]).decode() == root.get_secret_value()
    assert b64decode(found[ARCHIVE_SECRET]["ca.crt"]).decode() == TRUST
    assert set(found[ARCHIVE_SECRET]) == {"accessKey", "secretKey", "ca.crt"}
    # It follows changes of Secrets with this label alone.
    assert staged.labels == {"k8s.mariadb.com/watch": ""}


def test_what_servers_need_stays_with_them() -> None:
    config = stack(**sections(BACKUP, instances=2))
    config = config.model_copy(update={"secrets": stand_ins(config)})
    staged = mariadb(make_plan("demo", config), config.secrets.mariadb, build(config))
    assert {"Secret", *(each.kind for _, each in staged.objects)} <= set(staged.stay)
