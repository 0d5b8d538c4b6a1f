"""Databases that an operator in the cluster makes of a description, with their log of changes in a bucket."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr

from panda_infra.config.base import DnsLabel, Model
from panda_infra.config.operators import Archive, Servers, image
from panda_infra.products.model import Predicate
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.secret_values import SecretValue

__all__ = ["OperatedDatabase", "OperatedName", "Postgres", "PostgresBackup", "PostgresSecrets"]

if TYPE_CHECKING:
    OperatedName = str
    Image = str
else:
    OperatedName = Literal[tuple(sorted(name for name, spec in COMPONENTS.items() if spec.postgres))]
    Image = image("ghcr.io/cloudnative-pg/postgresql:17.6")


class PostgresBackup(Archive):
    """Base backups and every change since, in a bucket: a restore to a point in time needs both."""


class OperatedDatabase(Servers):
    """One database with its servers."""

    image: Image | None = None
    """Image of PostgreSQL that is made for the operator; default: the operator's own."""


class Postgres(Model):
    """PostgreSQL by an operator of the cluster, which must be installed."""

    operator: Literal["cnpg"]
    """CloudNativePG."""
    namespace: DnsLabel | None = None
    """Namespace of the operator; needed with `networkPolicies`, which let it in."""
    databases: Annotated[dict[OperatedName, OperatedDatabase], Field(min_length=1)]
    """The databases, by the component that uses each."""
    backup: PostgresBackup | None = None
    """Backups, by the operator's plugin Barman Cloud, which must be installed too."""


def _archives(config: Any) -> bool:
    return bool(config.postgres and config.postgres.backup)


def _archives_elsewhere(config: Any) -> bool:
    return _archives(config) and bool(config.standby and config.standby.archive)


def _credential(title: str, needed: Predicate = _archives) -> SecretValue:
    return SecretValue(title=title, needed=needed)


class PostgresSecrets(Model):
    """The credentials of the bucket with the backups of `postgres`; they must list, read, write and delete there."""

    access_key: Annotated[SecretStr | None, _credential("access key of the bucket for PostgreSQL")] = None
    """Access key."""
    secret_key: Annotated[SecretStr | None, _credential("secret key of the bucket for PostgreSQL")] = None
    """Secret key."""
    other_access_key: Annotated[
        SecretStr | None,
        _credential("access key of the other stack's bucket for PostgreSQL", _archives_elsewhere),
    ] = None
    """Access key of the bucket in `standby.archive`; it must list and read there."""
    other_secret_key: Annotated[
        SecretStr | None,
        _credential("secret key of the other stack's bucket for PostgreSQL", _archives_elsewhere),
    ] = None
    """Secret key of that bucket."""
