"""The input for the contents of all Secrets: the configuration, and the addresses that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panda_infra.products.content import reveal
from panda_infra.products.context import StackContext
from panda_infra.products.ctao.interfaces import (
    ExternalDatabase,
    ExternalDiracDatabase,
    ExternalObjectStore,
    ExternalOpenSearch,
    ExternalService,
    Fixture,
    Interfaces,
    InterfacesSecrets,
)

if TYPE_CHECKING:
    from panda_infra.products.names import Names

__all__ = [
    "ISSUER_PORT",
    "MARIADB_PORT",
    "OPENSEARCH_PORT",
    "POSTGRES_PORT",
    "S3_PORT",
    "Context",
    "issuer_url",
]

POSTGRES_PORT = 5432
MARIADB_PORT = 3306
S3_PORT = 7070
OPENSEARCH_PORT = 9200
ISSUER_PORT = 5554


class Context(StackContext):
    """A stack as input of the builders of its Secrets."""

    @property
    def interfaces(self) -> Interfaces:
        """The interfaces to services that may be outside of the stack; all fixtures without that section."""
        return self.config.maybe(Interfaces) or Interfaces()

    @property
    def rucio_database_host(self) -> str:
        """Host of Rucio's database: the external one, else the fixture's."""
        database = self.interfaces.rucio_database
        if isinstance(database, ExternalDatabase):
            return database.host
        return self.names.workload("rucio-db", "postgres")

    @property
    def rucio_database_port(self) -> int:
        """Port of Rucio's database."""
        database = self.interfaces.rucio_database
        return database.port if isinstance(database, ExternalDatabase) else POSTGRES_PORT

    @property
    def rucio_database_url(self) -> str:
        """Rucio's database as SQLAlchemy takes it, with the password, which has only letters and digits (C20)."""
        database = self.interfaces.rucio_database
        password = reveal(self.secrets.of(InterfacesSecrets).rucio_database_password)
        address = f"{self.rucio_database_host}:{self.rucio_database_port}/{database.name}"
        return f"postgresql+psycopg://{database.user}:{password}@{address}"

    @property
    def dirac_database(self) -> tuple[str, int]:
        """Host and port of DIRAC's databases: the external ones, else the fixture's."""
        database = self.interfaces.dirac_database
        if isinstance(database, ExternalDiracDatabase):
            return database.host, database.port
        return self.names.workload("dirac-db", "mariadb"), MARIADB_PORT

    def dirac_database_url(self, database: str) -> str:
        """A database of DIRAC as SQLAlchemy takes it, with the password, which has only letters and digits (C29)."""
        given = self.interfaces.dirac_database
        host, port = self.dirac_database
        password = reveal(self.secrets.of(InterfacesSecrets).dirac_database_password)
        return f"mysql+aiomysql://{given.user if given else ''}:{password}@{host}:{port}/{database}"

    @property
    def objectstore_url(self) -> str:
        """Address of the object store: the external one, else the fixture's."""
        store = self.interfaces.objectstore
        if isinstance(store, ExternalObjectStore):
            return store.url
        return f"http://{self.names.workload('objectstore', 'server')}:{S3_PORT}"

    @property
    def opensearch(self) -> tuple[str, int, str]:
        """Host, port and user of OpenSearch: the external one, else the fixture's."""
        given = self.interfaces.opensearch
        if isinstance(given, ExternalOpenSearch):
            return given.host, given.port, given.user
        return self.names.workload("opensearch", "server"), OPENSEARCH_PORT, "admin"

    @property
    def opensearch_is_outside(self) -> bool:
        """True if OpenSearch is the site's, with a certificate of an authority."""
        return isinstance(self.interfaces.opensearch, ExternalOpenSearch)

    @property
    def issuer_url(self) -> str:
        """The issuer of tokens: the external one, else the fixture's; empty without one."""
        return issuer_url(self.interfaces, self.names)


def issuer_url(interfaces: Interfaces, names: Names) -> str:
    """The issuer of tokens: the external one, else the fixture's; empty without one."""
    if isinstance(interfaces.iam, ExternalService):
        return interfaces.iam.url
    if isinstance(interfaces.iam, Fixture):
        return f"https://{names.workload('dex', 'server')}:{ISSUER_PORT}"
    return ""
