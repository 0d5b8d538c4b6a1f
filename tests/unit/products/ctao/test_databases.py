"""The Secrets of DIRAC's databases and of the object store: who knows what, inside and outside."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.products.ctao.components.dirac_db import DiracDbSecrets
from panda_infra.products.ctao.context import Context
from panda_infra.products.ctao.versions import VERSITYGW_IMAGE
from panda_infra.secrets.build import build
from panda_infra.secrets.fields import fields
from panda_infra.secrets.generate import stand_ins
from panda_infra.secrets.usable import check_value
from tests.support import ctao
from tools.versions import VERSITYGW

_OUTSIDE = {"kind": "external", "host": "db.site.org", "port": 3307, "user": "dirac_w"}
_STORE = {"kind": "external", "url": "https://s3.site.org", "region": "north"}


def stack(**interfaces: Any) -> StackConfig:
    config = ctao.stack(interfaces=ctao.INTERFACES | interfaces)
    return config.model_copy(update={"secrets": stand_ins(config)})


def test_the_programs_do_not_know_roots_password() -> None:
    """C29: upstream has it in three Secrets and on command lines."""
    config = stack()
    made = {suffix: secret.data for suffix, secret in build(config).items()}
    root = config.secrets.of(DiracDbSecrets).root_password
    assert root is not None
    holders = {
        suffix
        for suffix, data in made.items()
        if any(root.get_secret_value().encode() in value for value in data.values())
    }
    assert holders == {"dirac-db"}


def test_addresses_are_those_of_the_fixtures_or_of_the_site() -> None:
    inside, outside = Context(stack()), Context(stack(diracDatabase=_OUTSIDE, objectstore=_STORE))
    assert inside.dirac_database == ("ctao-dirac-db-mariadb", 3306)
    assert outside.dirac_database == ("db.site.org", 3307)
    assert outside.dirac_database_url("JobDB").startswith("mysql+aiomysql://dirac_w:")
    assert outside.dirac_database_url("JobDB").endswith("@db.site.org:3307/JobDB")
    assert inside.objectstore_url == "http://ctao-objectstore-server:7070"
    assert outside.objectstore_url == "https://s3.site.org"


@pytest.mark.parametrize(
    "key",
    [
        "interfaces.diracDatabasePassword",
        "interfaces.objectStoreAccessKey",
        "interfaces.objectStoreSecretKey",
    ],
)
def test_credentials_of_the_site_are_not_made_up(key: str) -> None:
    """C40: they are made for fixtures alone, and have no default anywhere."""
    inside, outside = stack(), stack(diracDatabase=_OUTSIDE, objectstore=_STORE)
    (field,) = (field for field in fields(inside) if field.key == key)
    assert field.make
    assert not field.shared(inside)
    assert field.shared(outside)


@pytest.mark.parametrize("word", ["per%cent", "a@b", "a'b", "a b"])
def test_a_password_that_would_be_read_otherwise_is_refused(word: str) -> None:
    """C29: it is part of URLs."""
    config = stack()
    (field,) = (field for field in fields(config) if field.key == "interfaces.diracDatabasePassword")
    assert [words for words in check_value(field, word, config) if "letters and digits" in words]


def test_the_fixture_is_the_server_that_tests_start() -> None:
    assert VERSITYGW_IMAGE[1] == f"v{VERSITYGW}"
