"""BigMon: its view of PanDA's database, log-in providers, logs."""

from typing import Annotated, Literal

from pydantic import Field

from panda_infra.config.base import Form, Model
from panda_infra.config.settings.base import Backend, ComponentSettings, Host, Identifier, Port, Url, Word

__all__ = ["AuthProvider", "BigmonDatabase", "BigmonSettings", "ObjectStoreSettings", "ProviderName"]

ProviderName = Literal["CERNOIDC", "Google", "github", "indigoiam"]
ClientId = Annotated[
    str,
    Form(
        r"[^\s\"'\\%{}]+",
        "a client id without spaces, quotes, backslashes, braces and %",
        "panda-bigmon",
        longest=256,
    ),
]
# Quotes and backslashes would end the text of the Python settings that it is put into, ${ would name another variable.
PlainText = Annotated[
    str,
    Form(
        r"([^\s\"'\\$]|\$(?!\{))*",
        "text without spaces, quotes, backslashes and ${",
        "https://logs.cern.ch/{panda_id}",
    ),
]


class BigmonDatabase(Model):
    """PanDA's database as BigMon sees it; what is not given is as PanDA has it."""

    backend: Backend | None = None
    """Kind of database."""
    host: Host | None = None
    """Host or TNS alias."""
    port: Port | None = None
    """Port."""
    name: Identifier | None = None
    """Name of the database; for Oracle the SID at `host` and `port`, or without these two a TNS alias."""
    user: Identifier | None = None
    """User of the database; a user of its own needs `secrets.bigmon.databasePassword`."""


class AuthProvider(Model):
    """A social log-in."""

    client_id: ClientId
    """Client that is registered there for BigMon."""
    base_path: Url | None = None
    """Address of the provider (indigoiam; default: the stack's own IAM)."""


class BigmonSettings(ComponentSettings):
    """What BigMon shows and how people log in."""

    deployment: Literal["ORACLE_ATLAS", "ORACLE_ATLAS_TB", "ORACLE_DOMA", "POSTGRES"] | None = None
    """Kind of installation; default: from the database and the experiment."""
    database: BigmonDatabase = BigmonDatabase()
    """PanDA's database as BigMon sees it."""
    vo: Word | None = None
    """VO to show; default: the VO of `auth`."""
    processes: Annotated[int, Field(ge=1)] = 10
    """WSGI processes of its httpd."""
    debug: bool = False
    """Django's debug mode; shows settings to visitors, never for production."""
    extra_apps: tuple[Word, ...] = ()
    """Django applications in place of the optional ones that BigMon has by itself."""
    logs_provider: Literal["rucio", "cric"] = "rucio"
    """Where logs of jobs are looked up."""
    prmon_location: PlainText = ""
    """Address pattern of prmon's output with {queue_name} and {panda_id}; without it through Rucio."""
    providers: dict[ProviderName, AuthProvider] = {}
    """Log-in providers; each needs its `secrets.bigmon.providerSecrets.<name>`."""
    elastic_user: PlainText = ""
    """User of Elasticsearch."""
    mail_user: PlainText = ""
    """User of the mail server."""


class ObjectStoreSettings(Model):
    """The object store of BigMon's logs."""

    host: Host
    """Host of the store."""
    port: Port = 443
    """Port of the store."""
    bucket: Word
    """Bucket with the logs."""
