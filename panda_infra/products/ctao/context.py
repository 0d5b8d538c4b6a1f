"""The input for the contents of all Secrets: the configuration, and the addresses that follow from it."""

from __future__ import annotations

from panda_infra.products.content import reveal
from panda_infra.products.context import StackContext
from panda_infra.products.ctao.interfaces import ExternalDatabase, Interfaces, InterfacesSecrets

__all__ = ["POSTGRES_PORT", "Context"]

POSTGRES_PORT = 5432


class Context(StackContext):
    """A stack as input of the builders of its Secrets."""

    @property
    def interfaces(self) -> Interfaces:
        """What may be outside of the stack; all fixtures if the stack file does not say."""
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
