"""The interfaces of DPPS to what may be outside of the stack.

Each is `external`, at a host of the site, or a `fixture`: a light-weight replacement that is a component of the stack.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr

from panda_infra.config.base import Authorities, Model
from panda_infra.products.ctao.experiments import EXPERIMENTS
from panda_infra.products.ctao.limits import DATABASE
from panda_infra.products.secret_values import KEPT_BY_DATABASE, SecretValue, password
from panda_infra.products.settings import Host, Identifier, Port, Url

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = [
    "DatabaseLogin",
    "Environment",
    "External",
    "ExternalDatabase",
    "ExternalService",
    "Fixture",
    "Interfaces",
    "InterfacesSecrets",
    "initial",
]

Environment = Literal["local", "ci", "staging", "pre-prod", "prod"]


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
    trust: Authorities | None = None
    """Authorities that signed its certificate, as PEM; without them those of the images are trusted."""


class ExternalDatabase(External, DatabaseLogin):
    """A database outside of the stack; its password is a secret of the stack."""

    host: Host
    """Its host."""
    port: Port = 5432
    """Its port."""


class ExternalService(External):
    """A service outside of the stack, by its address."""

    url: Url
    """Its address."""


class ExternalHosts(External):
    """Services of one kind outside of the stack."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    """Their hosts."""


RucioDatabase = Annotated[FixtureDatabase | ExternalDatabase, Field(discriminator="kind")]
Service = Annotated[Fixture | ExternalService, Field(discriminator="kind")]
Hosts = Annotated[Fixture | ExternalHosts, Field(discriminator="kind")]


class Interfaces(Model):
    """Where the environment ends: each interface to what may be outside of the stack."""

    environment: Environment = "local"
    """What the stack is for: `local` and `ci` use fixtures alone, the others what the site has."""
    rucio_database: RucioDatabase = FixtureDatabase(kind="fixture")
    """PostgreSQL of Rucio."""
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


def initial(experiment: str) -> dict[str, Any]:
    """The section of a new stack: what it is for, and that nothing outside is known yet."""
    environment = "ci" if EXPERIMENTS[experiment].on_test_bed else "staging"
    return {"interfaces": {"environment": environment, "rucioDatabase": {"kind": "fixture"}}}


def _external_database(config: "Settings") -> bool:
    interfaces = config.maybe(Interfaces)
    return interfaces is not None and isinstance(interfaces.rucio_database, External)


def _flaw(value: str) -> str | None:
    return f"holds {DATABASE.words}: {DATABASE.because}" if DATABASE.hits(value) else None


class InterfacesSecrets(Model):
    """Secrets of what may be outside of the stack."""

    rucio_database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user of Rucio's database",
            make=password,
            shared=_external_database,
            secrets=("rucio-database",),
            flaw=_flaw,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the user of Rucio's database; letters and digits."""
