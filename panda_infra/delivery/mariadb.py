"""The objects of mariadb-operator as resources, with the Secrets that it reads."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping

from panda_infra.config.mariadb import MariaDbSecrets
from panda_infra.delivery.operators import OperatorSecret, Staged
from panda_infra.delivery.secrets import bucket_keys, encoded
from panda_infra.plan.mariadb import (
    ARCHIVE_KEYS,
    ARCHIVE_SECRET,
    LOGIN_KEY,
    ROOT_KEY,
    ROOT_SECRET,
    STAGES,
    TRUST_KEY,
    OperatedMariaDb,
    mariadb_objects,
    operated_mariadb,
)
from panda_infra.plan.model import Plan
from panda_infra.plan.operators import login_secret
from panda_infra.products.content import SecretContent

__all__ = ["mariadb", "user_hash"]


def mariadb(plan: Plan, secrets: MariaDbSecrets, contents: Mapping[str, SecretContent]) -> Staged:
    """Every object of the section `mariadb`."""
    return Staged(
        "mariadb",
        tuple(_secrets(plan, secrets, contents)),
        mariadb_objects(plan),
        STAGES,
        labels={"k8s.mariadb.com/watch": ""},
        # Servers work only with their Secrets, and archive only with the objects that name the place.
        stay={"Secret", *(kind for kinds in STAGES for kind in kinds)},
    )


def _secrets(
    plan: Plan, secrets: MariaDbSecrets, contents: Mapping[str, SecretContent]
) -> Iterator[OperatorSecret]:
    yield OperatorSecret(ROOT_SECRET, encoded({ROOT_KEY: secrets.root_password}))
    section = plan.config.mariadb
    if section and section.backup:
        keys = bucket_keys(ARCHIVE_KEYS, secrets.access_key, secrets.secret_key)
        trust = section.backup.trust
        known = {TRUST_KEY: b64encode(trust.encode()).decode()} if trust else {}
        yield OperatorSecret(ARCHIVE_SECRET, keys | known)
    for each in operated_mariadb(plan):
        yield OperatorSecret(login_secret(each), user_hash(each, contents))


def user_hash(each: OperatedMariaDb, contents: Mapping[str, SecretContent]) -> dict[str, str]:
    """The hash of the password that the component's own Secret has, in MariaDB's form, encoded as the API has it."""
    password = contents[each.database.secret].data[each.database.password]
    inner = hashlib.sha1(password, usedforsecurity=False).digest()
    outer = hashlib.sha1(inner, usedforsecurity=False).hexdigest()
    return {LOGIN_KEY: b64encode(f"*{outer.upper()}".encode()).decode()}
