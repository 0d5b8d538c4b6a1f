"""A file transfer service for tests, the fixture of the interface of that name, with a database of its own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.context import MARIADB_PORT
from panda_infra.products.ctao.interfaces import IN_URLS, InterfaceComponent
from panda_infra.products.ctao.mariadb_fixture import mariadb_part, mariadb_spec
from panda_infra.products.ctao.programs import CHART, EVERYBODY, VERSION, Mount, Part, tcp, values_of
from panda_infra.products.ctao.remotes import FTS_PORT, STORAGE_PORT
from panda_infra.products.ctao.trust import AUTHORITIES
from panda_infra.products.ctao.versions import FTS_IMAGE
from panda_infra.products.model import ComponentSpec, HostCertificate, SubComponentSpec, start
from panda_infra.products.network import Call
from panda_infra.products.secret_values import KEPT_BY_DATABASE, SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.tls import of_ingress
from panda_infra.products.verification import Check, Request, mariadb
from panda_infra.products.workloads import SubComponent

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context

__all__ = ["COMPONENT", "Fts", "FtsSecrets"]

_START = Path(__file__).parents[1] / "scripts" / "fts.sh"
_DATABASE, _CONFIGURATION, _CERTS = "fts-db", "fts", "fts-tls-certs"
_NAME = "fts"
_SIZE = "2Gi"
_VARIABLES = ("MARIADB_DATABASE", "MARIADB_USER", "MARIADB_PASSWORD", "MARIADB_ROOT_PASSWORD")


class Fts(InterfaceComponent):
    """A file transfer service with its database, for tests."""

    replaces: ClassVar[str] = "fts"

    server: SubComponent = SubComponent()
    """The service."""
    mariadb: SubComponent = SubComponent()
    """Its database."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


class FtsSecrets(Model):
    """Secrets of the file transfer service for tests."""

    database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of FTS' database",
            make=password,
            secrets=(_DATABASE, _CONFIGURATION),
            flaw=IN_URLS.flaw,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of FTS' database; letters and digits."""
    root_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user root of FTS' database",
            make=password,
            secrets=(_DATABASE,),
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the user root of FTS' database."""


def database(context: "Context") -> Env:
    """The Secret fts-db: the log-in, under the names of the image's variables."""
    own = context.secrets.of(FtsSecrets)
    return {
        "MARIADB_DATABASE": _NAME,
        "MARIADB_USER": _NAME,
        "MARIADB_PASSWORD": reveal(own.database_password),
        "MARIADB_ROOT_PASSWORD": reveal(own.root_password),
    }


def configuration(context: "Context") -> Env:
    """The Secret fts: the files of the server and of its REST service, which both hold the log-in to the database."""
    host = context.names.workload("fts", "mariadb")
    common = {
        "Alias": context.names.workload("fts", "server"),
        "SiteName": "ctao",
        "AuthorizedVO": "*",
        "DbType": "mysql",
        "DbUserName": _NAME,
        "DbPassword": reveal(context.secrets.of(FtsSecrets).database_password),
        "DbConnectString": f"{host}/{_NAME}",
        "MonitoringMessaging": "false",
    }
    text = "".join(f"{key}={value}\n" for key, value in common.items())
    return {
        "fts3config": text + "[roles]\nPublic = all:transfer;all:datamanagement\n",
        "fts3restconfig": text + "[fts3]\nOAuth2 = False\n[roles]\nPublic = vo:transfer;all:datamanagement\n",
    }


_PARTS = (
    Part(
        name="server",
        ports={"rest": FTS_PORT},
        command=("bash", "/etc/ctao/fts.sh"),
        files={"/etc/ctao/fts.sh": _START.read_text(encoding="utf-8")},
        secrets={
            # Server and REST service read them as a user of their own.
            "/etc/fts3/fts3config": Mount(_CONFIGURATION, "fts3config", EVERYBODY),
            "/etc/fts3/fts3restconfig": Mount(_CONFIGURATION, "fts3restconfig", EVERYBODY),
            "/secrets/host": Mount(_CERTS),
            "/secrets/authorities": Mount(AUTHORITIES, mode=EVERYBODY),
        },
        probe=tcp("rest"),
        resources={"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}},
    ),
    mariadb_part(_DATABASE, _VARIABLES, _SIZE),
)


COMPONENT = ComponentSpec(
    name="fts",
    title="File transfer service",
    about="FTS for tests.",
    position=244,
    version=VERSION,
    usual_seconds=40,
    chart=CHART,
    ships=True,
    config=Fts,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=FTS_IMAGE,
            image=FTS_IMAGE,
            secrets=start(_CONFIGURATION, _CERTS, AUTHORITIES),
            ports=(FTS_PORT,),
            switchable=False,
            scalable=False,
            calls=(
                Call("fts", "mariadb", MARIADB_PORT),
                *(Call("xrootd", name, STORAGE_PORT) for name in ("first", "second", "third")),
            ),
        ),
        mariadb_spec(_DATABASE, _SIZE, lambda _config: {"": _NAME}),
    ),
    secrets=FtsSecrets,
    secrets_about="The file transfer service for tests.",
    builders={_DATABASE: database, _CONFIGURATION: configuration, _CERTS: of_ingress("fts")},
    certificate=HostCertificate(
        "The file transfer service for tests; covers its Service.",
        always=lambda config: bool(config.components.get(Fts)),
    ),
    values=values_of("fts", *_PARTS),
    checks=(
        Check(
            "fts.answers",
            "The file transfer service answers",
            "DPPS-FIXTURES",
            Request("fts/server", FTS_PORT, "/", status=(200, 401, 403)),
        ),
        Check(
            "fts.database",
            "The database of the file transfer service answers",
            "DPPS-FIXTURES",
            mariadb("fts/mariadb"),
        ),
    ),
)
