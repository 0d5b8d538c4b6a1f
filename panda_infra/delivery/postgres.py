"""The objects of CloudNativePG as resources, with the Secrets that it reads."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping

from panda_infra.config.postgres import PostgresSecrets
from panda_infra.delivery.operators import OperatorSecret, Staged
from panda_infra.delivery.secrets import bucket_keys
from panda_infra.plan.model import Plan
from panda_infra.plan.operators import login_secret
from panda_infra.plan.postgres import (
    ARCHIVE_KEYS,
    ARCHIVE_SECRET,
    OTHER_SECRET,
    STAGES,
    Operated,
    operated,
    postgres_objects,
)
from panda_infra.products.content import SecretContent

__all__ = ["archive_keys", "login", "postgres"]


def postgres(plan: Plan, secrets: PostgresSecrets, contents: Mapping[str, SecretContent]) -> Staged:
    """Every object of the section `postgres`."""
    return Staged(
        "postgres",
        tuple(_secrets(plan, secrets, contents)),
        postgres_objects(plan),
        STAGES,
        labels={"cnpg.io/reload": "true"},
        stay={"Cluster"},
    )


def _secrets(
    plan: Plan, secrets: PostgresSecrets, contents: Mapping[str, SecretContent]
) -> Iterator[OperatorSecret]:
    if plan.config.postgres and plan.config.postgres.backup:
        yield OperatorSecret(ARCHIVE_SECRET, archive_keys(secrets))
        if plan.config.standby and plan.config.standby.archive:
            other = bucket_keys(ARCHIVE_KEYS, secrets.other_access_key, secrets.other_secret_key)
            yield OperatorSecret(OTHER_SECRET, other)
    for each in operated(plan):
        yield OperatorSecret(login_secret(each), login(each, contents), "kubernetes.io/basic-auth")


def login(each: Operated, contents: Mapping[str, SecretContent]) -> dict[str, str]:
    """User and password as the component's own Secret has them, encoded as the API has it."""
    data = contents[each.database.secret].data
    return {
        name: b64encode(data[key]).decode()
        for name, key in (("username", each.database.user), ("password", each.database.password))
    }


def archive_keys(secrets: PostgresSecrets) -> dict[str, str]:
    """The credentials of the bucket, encoded as the API has it."""
    return bucket_keys(ARCHIVE_KEYS, secrets.access_key, secrets.secret_key)
