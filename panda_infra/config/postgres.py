"""Databases that an operator in the cluster makes of a description, with their log of changes in a bucket."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr

from panda_infra.config.backup import BucketName, Folder, Schedule
from panda_infra.config.base import DnsName, Form, Model
from panda_infra.config.quantities import Quantity
from panda_infra.products.model import Predicate
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.secret_values import SecretValue
from panda_infra.products.settings import Url

__all__ = ["OperatedDatabase", "OperatedName", "Postgres", "PostgresBackup", "PostgresSecrets"]

if TYPE_CHECKING:
    OperatedName = str
else:
    OperatedName = Literal[tuple(sorted(name for name, spec in COMPONENTS.items() if spec.database))]

_KEPT = Form(r"[1-9][0-9]{0,3}[dwm]", "a number of days (d), weeks (w) or months (m)", "30d", longest=5)
_IMAGE = Form(
    r"[A-Za-z0-9][\w./:-]*:\w[\w.-]*(@sha256:[0-9a-f]{64})?",
    "an image with its tag",
    "ghcr.io/cloudnative-pg/postgresql:17.6",
    longest=400,
)


class PostgresBackup(Model):
    """Base backups and every change since, in a bucket: what a restore to a time is made of."""

    endpoint: Url
    """Address of the S3 server."""
    bucket: BucketName
    """The bucket, which must exist."""
    folder: Folder | None = None
    """Folder in it; default: the name of the stack."""
    retention: Annotated[str, _KEPT] = "30d"
    """How far back a restore may go."""
    schedule: Schedule = "47 1 * * *"
    """When base backups are made, in UTC."""


class OperatedDatabase(Model):
    """One database with its servers."""

    size: Quantity
    """Size of each server's volume."""
    class_name: Annotated[DnsName | None, Field(alias="class")] = None
    """Storage class; default: the stack's."""
    instances: Annotated[int, Field(ge=1, le=9)] = 1
    """Number of servers: one that is written to, and others that replace it."""
    image: Annotated[str, _IMAGE] | None = None
    """Image of PostgreSQL that is made for the operator; default: the operator's own."""


class Postgres(Model):
    """PostgreSQL by an operator of the cluster, which must be installed."""

    operator: Literal["cnpg"]
    """CloudNativePG."""
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
