"""The interfaces of DPPS to what may be outside of the stack.

Each is `external`, at a host of the site, or a `fixture`: a light-weight replacement that is a component of the stack.
"""

import re
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, SecretStr

from panda_infra.config.base import Authorities, Model
from panda_infra.products.ctao.experiments import Environment
from panda_infra.products.secret_values import KEPT_BY_DATABASE, Limit, SecretValue, password
from panda_infra.products.settings import Host, Identifier, Port, Url, Word
from panda_infra.products.workloads import Component

if TYPE_CHECKING:
    from collections.abc import Callable

    from panda_infra.config.stack import Settings

__all__ = [
    "IN_URLS",
    "DatabaseLogin",
    "DiracDatabase",
    "External",
    "ExternalDatabase",
    "ExternalDiracDatabase",
    "ExternalHosts",
    "ExternalObjectStore",
    "ExternalOpenSearch",
    "ExternalService",
    "Fixture",
    "InterfaceComponent",
    "Interfaces",
    "InterfacesSecrets",
    "Trusted",
]

IN_URLS = Limit(
    re.compile(r"[^A-Za-z0-9]"),
    "anything but letters and digits",
    "it is part of URLs and of command lines, and Rucio reads its URL by a parser that replaces % (C20, C29)",
)


class DatabaseLogin(Model):
    """The names inside a database."""

    name: Identifier = "rucio"
    """Name of the database."""
    user: Identifier = "rucio"
    """User that owns it."""


class Fixture(Model):
    """A replacement inside the stack, for tests: a component of the stack."""

    kind: Literal["fixture"]
    """A fixture."""


class FixtureDatabase(Fixture, DatabaseLogin):
    """A database inside the stack."""


class External(Model):
    """Something outside of the stack."""

    kind: Literal["external"]
    """Outside of the stack."""


class Trusted(External):
    """Something outside whose certificate the programs of the stack verify; clients of databases verify none."""

    trust: Authorities | None = None
    """Authorities that signed its certificate, as PEM, beside those that the images trust; Rucio's daemons trust these
    alone."""


class ExternalDatabase(External, DatabaseLogin):
    """A database outside of the stack; its password is a secret of the stack."""

    host: Host
    """Its host."""
    port: Port = 5432
    """Its port."""


class DiracLogin(Model):
    """The user of DIRAC's and DiracX's databases, whose names these programs know."""

    user: Identifier = "Dirac"
    """User that may use them."""


class FixtureDiracDatabase(Fixture, DiracLogin):
    """A MariaDB inside the stack."""


class ExternalDiracDatabase(External, DiracLogin):
    """A MariaDB or MySQL outside of the stack, where the databases exist; its password is a secret of the stack."""

    host: Host
    """Its host."""
    port: Port = 3306
    """Its port."""


class Buckets(Model):
    """The buckets of an object store."""

    sandboxes: Word = "sandboxes"
    """Bucket of the sandboxes of jobs."""


class FixtureObjectStore(Fixture, Buckets):
    """An object store inside the stack."""


class ExternalObjectStore(Trusted, Buckets):
    """An S3 store outside of the stack; its keys are secrets of the stack."""

    url: Url
    """Its address."""
    region: Word = "us-east-1"
    """Its region."""


class FixtureOpenSearch(Fixture):
    """An OpenSearch inside the stack."""


class ExternalOpenSearch(Trusted):
    """An OpenSearch outside of the stack; the password of its user is a secret of the stack."""

    host: Host
    """Its host, by HTTPS."""
    port: Port = 9200
    """Its port."""
    user: Identifier = "dirac"
    """User of DIRAC and DiracX."""


class ExternalService(Trusted):
    """A service outside of the stack, by its address."""

    url: Url
    """Its address."""


class ExternalHosts(Trusted):
    """Services of one kind outside of the stack."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    """Their hosts."""


RucioDatabase = Annotated[FixtureDatabase | ExternalDatabase, Field(discriminator="kind")]
DiracDatabase = Annotated[FixtureDiracDatabase | ExternalDiracDatabase, Field(discriminator="kind")]
ObjectStore = Annotated[FixtureObjectStore | ExternalObjectStore, Field(discriminator="kind")]
OpenSearch = Annotated[FixtureOpenSearch | ExternalOpenSearch, Field(discriminator="kind")]
Service = Annotated[Fixture | ExternalService, Field(discriminator="kind")]
Hosts = Annotated[Fixture | ExternalHosts, Field(discriminator="kind")]


class Interfaces(Model):
    """The border of the stack: each interface to a service that may be outside."""

    environment: Environment = "local"
    """What the stack is for: `local` and `ci` use fixtures alone, the others what the site has."""
    rucio_database: RucioDatabase = FixtureDatabase(kind="fixture")
    """PostgreSQL of Rucio."""
    dirac_database: DiracDatabase | None = None
    """MariaDB of DIRAC and DiracX."""
    objectstore: ObjectStore | None = None
    """S3 store of sandboxes."""
    opensearch: OpenSearch | None = None
    """OpenSearch with the parameters of jobs."""
    storage: Hosts | None = None
    """Storage elements."""
    ce: Hosts | None = None
    """Computing elements."""
    iam: Service | None = None
    """Issuer of tokens and VOMS attributes."""
    fts: Service | None = None
    """File transfer service."""
    cvmfs: Hosts | None = None
    """Stratum servers that distribute software."""
    registry: Service | None = None
    """Registry of charts and images."""


class InterfaceComponent(Component):
    """A component of DPPS and what it has to do with the interfaces, by their fields.

    It has nothing to work with unless the interfaces are given that it ``needs``, and is the fixture of the one that it
    ``replaces``.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    replaces: ClassVar[str] = ""


def _is_external(interface: str) -> "Callable[[Settings], bool]":
    """True for a stack where that interface is outside, so that the owner of the service makes its credentials."""

    def external(config: "Settings") -> bool:
        interfaces = config.maybe(Interfaces)
        return interfaces is not None and isinstance(getattr(interfaces, interface), External)

    return external


def _access_key() -> str:
    return password(20)


def _strong() -> str:
    """A password with all four kinds of characters: OpenSearch does not start if one kind is missing."""
    return f"{password(28)}-aA1"


def _unfit(value: str) -> str | None:
    refused = set(value) - set(f"{ascii_letters}{digits}-_.")
    return (
        "holds anything but letters, digits, dashes, dots and underscores, as parts of URLs"
        if refused
        else None
    )


class InterfacesSecrets(Model):
    """Secrets of what may be outside of the stack."""

    rucio_database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user of Rucio's database",
            make=password,
            shared=_is_external("rucio_database"),
            flaw=IN_URLS.flaw,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the user of Rucio's database; letters and digits."""
    dirac_database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user of DIRAC's databases",
            make=password,
            shared=_is_external("dirac_database"),
            flaw=IN_URLS.flaw,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the user of DIRAC's and DiracX's databases; letters and digits."""
    object_store_access_key: Annotated[
        SecretStr | None,
        SecretValue(
            title="access key of the object store",
            make=_access_key,
            shared=_is_external("objectstore"),
        ),
    ] = None
    """Access key of the object store."""
    object_store_secret_key: Annotated[
        SecretStr | None,
        SecretValue(
            title="secret key of the object store",
            make=password,
            shared=_is_external("objectstore"),
        ),
    ] = None
    """Secret key of the object store."""
    open_search_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of OpenSearch's user",
            make=_strong,
            shared=_is_external("opensearch"),
            flaw=_unfit,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of OpenSearch's user; letters, digits, dashes, dots and underscores."""
