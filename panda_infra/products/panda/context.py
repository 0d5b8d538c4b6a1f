"""The input for the contents of all Secrets: the configuration, and the addresses that follow from it.

PanDA's services find each other by host names in Secrets. Every such name is derived here, from the names of
releases and Services.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from panda_infra.products.content import Env
from panda_infra.products.context import StackContext
from panda_infra.products.panda import cric
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.components.harvester.models import Harvester, HarvesterSettings
from panda_infra.products.panda.components.iam.models import Iam, IamSettings
from panda_infra.products.panda.components.idds import Idds, IddsSettings
from panda_infra.products.panda.components.msgsvc import BROKER_PORT
from panda_infra.products.panda.components.panda.models import Panda, PandaSettings
from panda_infra.products.panda.cric import CricSettings, CricUrls
from panda_infra.products.panda.experiments import EXPERIMENTS, PandaExperiment
from panda_infra.products.panda.object_store import ObjectStoreSettings
from panda_infra.products.panda.proxy import ProxySettings
from panda_infra.products.panda.rucio import RucioSettings

__all__ = ["Context"]

_IAM_PORT = 8443


class Context(StackContext):
    """A stack as input of the builders of its Secrets."""

    @property
    def experiment(self) -> PandaExperiment:
        """The experiment with all its names."""
        return EXPERIMENTS[self.config.experiment]

    @property
    def auth(self) -> AuthSettings:
        """Issuer, audience and clients of tokens."""
        return self.config.of(AuthSettings)

    @property
    def rucio(self) -> RucioSettings:
        """Rucio's servers and account."""
        return self.config.of(RucioSettings)

    @property
    def cric(self) -> CricSettings:
        """CRIC, or the files that replace it."""
        return self.config.of(CricSettings)

    @property
    def cric_urls(self) -> CricUrls | None:
        """The addresses of CRIC; None if files replace it."""
        return cric.asked(self.config)

    @property
    def object_store(self) -> ObjectStoreSettings | None:
        """The object store, if the stack has one."""
        return self.config.maybe(ObjectStoreSettings)

    @property
    def panda(self) -> PandaSettings:
        """PanDA's settings; the defaults if it is not part of the stack."""
        return self.config.components.of(Panda).settings

    @property
    def idds(self) -> IddsSettings:
        """Settings of iDDS; the defaults if it is not part of the stack."""
        return self.config.components.of(Idds).settings

    @property
    def harvester(self) -> HarvesterSettings:
        """Harvester's settings; the defaults if it is not part of the stack."""
        return self.config.components.of(Harvester).settings

    @property
    def iam(self) -> IamSettings:
        """IAM's settings; the defaults if it is not part of the stack."""
        return self.config.components.of(Iam).settings

    # Services

    @property
    def server(self) -> str:
        """The PanDA server."""
        return self.names.workload("panda", "server")

    @property
    def server_url(self) -> str:
        """The PanDA server without TLS."""
        return f"http://{self.server}:{self.panda.port}"

    @property
    def server_ssl_url(self) -> str:
        """The PanDA server with TLS."""
        return f"https://{self.server}:{self.panda.ssl_port}"

    @property
    def broker(self) -> str:
        """The message broker, as host and port."""
        return f"{self.names.workload('msgsvc', 'activemq')}:{BROKER_PORT}"

    @property
    def idds_rest(self) -> str:
        """The iDDS REST service."""
        return self.names.workload("idds", "rest")

    @property
    def bigmon(self) -> str:
        """BigMon."""
        return self.names.workload("bigmon", "main")

    # Databases

    @property
    def panda_database_host(self) -> str:
        """PanDA's database: the external one, else the embedded one."""
        return self.panda.database.host or self.names.workload("panda", "postgres")

    @property
    def idds_database_host(self) -> str:
        """Database of iDDS: the external one, else the embedded one."""
        return self.idds.database.host or self.names.workload("idds", "postgres")

    @property
    def harvester_database_host(self) -> str:
        """Harvester's database: the external one, else the embedded one."""
        return self.harvester.database.host or self.names.workload("harvester", "mariadb")

    @property
    def iam_database_host(self) -> str:
        """IAM's database: the external one, else the one inside `iam`, else that of `iam-db` (T27)."""
        iam = self.config.components.get(Iam)
        inside = iam is not None and iam.mariadb.enabled
        return self.iam.database.host or self.names.workload("iam" if inside else "iam-db", "mariadb")

    # Addresses that clients see

    @property
    def iam_url(self) -> str:
        """The address of IAM for its users."""
        host = self.config.hosts.of("iam")
        inside = f"http://{self.names.workload('iam', 'main')}:{_IAM_PORT}"
        return self.iam.base_url or (f"https://{host}" if host else inside)

    @property
    def issuer(self) -> str:
        """Issuer of tokens."""
        return self.auth.issuer or self.iam_url

    @property
    def audience(self) -> str:
        """Audience of tokens."""
        return self.auth.audience or f"https://{self.panda_host}"

    @property
    def config_url(self) -> str:
        """Discovery document of the issuer."""
        return self.auth.config_url or f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    @property
    def token_endpoint(self) -> str:
        """Token endpoint of the issuer."""
        return self.auth.token_endpoint or f"{self.issuer.rstrip('/')}/token"

    @property
    def panda_host(self) -> str:
        """The PanDA server's host for clients: its exposed host, else its Service."""
        return self.config.hosts.of("panda") or self.server

    @property
    def bigmon_host(self) -> str:
        """BigMon's host for clients: its exposed host, else its Service."""
        return self.config.hosts.of("bigmon") or self.bigmon

    # Values of several Secrets

    @property
    def internal_vo(self) -> str:
        """VO of internal calls by short-lived tokens."""
        return f"{self.auth.vo}.internal"

    def proxies(self) -> Env:
        """The proxy variables, none without a proxy."""
        proxy = self.config.of(ProxySettings)
        https_proxy = proxy.https_proxy or proxy.http_proxy
        if https_proxy is None:
            return {}
        env = {"https_proxy": https_proxy, "no_proxy": proxy.no_proxy or ",".join(self._own_hosts())}
        if proxy.http_proxy:
            env["http_proxy"] = proxy.http_proxy
        return env

    def _own_hosts(self) -> list[str]:
        issuer = urlsplit(self.issuer).hostname
        inside = [issuer] if issuer == self.names.workload("iam", "main") else []
        return ["localhost", self.server, self.idds_rest, self.bigmon, *inside]
