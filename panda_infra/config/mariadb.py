"""MariaDB by an operator in the cluster, with its log of changes in a bucket."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr

from panda_infra.config.base import Authorities, DnsLabel, Model
from panda_infra.config.operators import Archive, Servers, image
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.secret_values import Limit, SecretValue, password

__all__ = ["MariaDb", "MariaDbBackup", "MariaDbSecrets", "MariaDbServers"]

if TYPE_CHECKING:
    ServedName = str
    Image = str
else:
    ServedName = Literal[tuple(sorted(name for name, spec in COMPONENTS.items() if spec.mariadb))]
    Image = image("mariadb:11.4.8")

_LETTERS = Limit(
    re.compile(r"[^A-Za-z0-9]"),
    "anything but letters and digits",
    "the operator writes it into its statements as it is",
)


class MariaDbBackup(Archive):
    """Base backups and every change since, in a bucket: a restore to a point in time needs both."""

    trust: Authorities | None = None
    """Authorities that signed the certificate of the S3 server, as PEM; needed with `https`."""


class MariaDbServers(Servers):
    """The servers of one component."""

    image: Image | None = None
    """Official image of MariaDB; default: the one that the component is tested with."""


class MariaDb(Model):
    """MariaDB by an operator of the cluster, which must be installed."""

    operator: Literal["mariadb-operator"]
    """mariadb-operator, with its API `k8s.mariadb.com`."""
    namespace: DnsLabel | None = None
    """Namespace of the operator; needed with `networkPolicies`, which let it in."""
    databases: Annotated[dict[ServedName, MariaDbServers], Field(min_length=1)]
    """The servers, by the component that uses them."""
    backup: MariaDbBackup | None = None
    """Backups; the operator archives changes only where there are two or more servers."""


def _archives(config: Any) -> bool:
    return bool(config.mariadb and config.mariadb.backup)


def _credential(title: str) -> SecretValue:
    return SecretValue(title=title, needed=_archives)


class MariaDbSecrets(Model):
    """Secrets of the section `mariadb`."""

    root_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user root of the operator's MariaDB",
            make=password,
            needed=lambda config: config.mariadb is not None,
            flaw=_LETTERS.flaw,
        ),
    ] = None
    """Password of the user root of every server; letters and digits."""
    access_key: Annotated[SecretStr | None, _credential("access key of the bucket for MariaDB")] = None
    """Access key of the bucket in `backup`; it must list, read, write and delete there."""
    secret_key: Annotated[SecretStr | None, _credential("secret key of the bucket for MariaDB")] = None
    """Secret key of that bucket."""
