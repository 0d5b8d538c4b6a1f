"""PanDA itself: the server, JEDI and their PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.errors import Problem
from panda_infra.products.databases import PostgresDatabase
from panda_infra.products.model import (
    Claim,
    ComponentSpec,
    Dump,
    Endpoint,
    FileGroup,
    HostCertificate,
    SubComponentSpec,
    live,
    start,
)
from panda_infra.products.panda import calls, cric_lists, remotes
from panda_infra.products.panda.chart_values import proxy_values, rootless
from panda_infra.products.panda.checks import has_port
from panda_infra.products.panda.components.panda import rules
from panda_infra.products.panda.components.panda.checks import CHECKS
from panda_infra.products.panda.components.panda.contents import auth, envs, token_cache
from panda_infra.products.panda.components.panda.imports import IMPORTS
from panda_infra.products.panda.components.panda.models import Panda, PandaDatabase, PandaSecrets
from panda_infra.products.panda.components.panda.schema import SCHEMA
from panda_infra.products.panda.cric_lists import without_cric
from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.panda.limits import BROKER, INI, TOKEN
from panda_infra.products.panda.rucio import PROXIES, RucioSettings
from panda_infra.products.rule import rule
from panda_infra.products.secret_values import Contained
from panda_infra.products.tls import mounted, of_ingress
from panda_infra.tree import Values, merged

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names
    from panda_infra.products.network import Remote
    from panda_infra.products.panda.context import Context
    from panda_infra.rules.subject import Subject

__all__ = ["COMPONENT", "ports_are_those_of_the_service"]

_SERVER = ("ghcr.io/pandawms/panda-server", "1.0.0")
# The image has bash, awk, jq and kubectl, which the chart's script needs; the chart names `latest` (T40).
_NODE_RECOVERY_IMAGE = "alpine/k8s:1.34.1"


def _deletes_lost_pods(config: Settings) -> bool:
    panda = config.components.get(Panda)
    return panda is not None and panda.node_recovery


def _database(config: Settings) -> PandaDatabase:
    return config.components.of(Panda).settings.database


def _databases(config: Settings) -> dict[str, str]:
    panda = config.components.get(Panda)
    return {"": panda.settings.database.name} if panda else {}


def _proxies_of_rucio(config: Settings) -> tuple[str, ...]:
    rucio = config.of(RucioSettings)
    return (rucio.proxy,) if rucio.auth_type == "x509_proxy" else ()


def _values(config: Settings, _names: Names) -> Values:
    panda = config.components.of(Panda)
    experiment = EXPERIMENTS[config.experiment]
    server: Values = {"configFile": experiment.server_config, "sharedCache": panda.server.shared_cache}
    if panda.server.extra_env:
        server["extraEnv"] = panda.server.extra_env
    return merged(
        {"server": server, "jedi": {"configFile": experiment.jedi_config}},
        {"nodeRecovery": {"enabled": panda.node_recovery, "image": config.pulled(_NODE_RECOVERY_IMAGE)}},
        proxy_values(config, "server"),
        rootless(config, "server"),
    )


# The server's own daemons call its API too.
_CALLS = (*calls.SERVER, calls.PANDA_DATABASE, calls.BROKER, calls.IDDS)


def _remotes(context: Context) -> Iterator[Remote]:
    """The connections of the server and JEDI, which have the same configuration."""
    database = context.panda.database
    yield from remotes.database(database.host, database.port, oracle=database.backend == "oracle")
    for group in (remotes.issuers, remotes.cric, remotes.rucio, remotes.proxies):
        yield from group(context)


@rule("components")
def ports_are_those_of_the_service(subject: Subject) -> Iterator[Problem]:
    """The ports that others use for the server must be ports of its Service."""
    panda = subject.config.components.get(Panda)
    if panda:
        server, settings = COMPONENT.sub_component("server"), panda.settings
        for key, port in (("port", settings.port), ("sslPort", settings.ssl_port)):
            yield from has_port("panda", server, key, port, panda.values)


COMPONENT = ComponentSpec(
    name="panda",
    title="PanDA",
    about="PanDA server, JEDI, PostgreSQL.",
    position=40,
    version="0.1.1",
    usual_seconds=25,
    config=Panda,
    sub_components=(
        SubComponentSpec(
            name="server",
            heavy=1,
            workload="StatefulSet",
            chart_image=_SERVER,
            secrets=start("panda-envs", "panda-token-cache")
            + start("panda-certs", otherwise=PROXIES)
            + live("panda-auth")
            + live("cric-jsons", optional=True, in_stack=without_cric),
            claims=(Claim("logs", "5Gi", adopt_key="sharedPvcName", shared_path="server-logs"),),
            ports=(80, 443),
            pod_ports=(25080, 25443),
            calls=_CALLS,
            remotes=_remotes,
            reserves=("cpu", "memory"),
        ),
        SubComponentSpec(
            name="jedi",
            heavy=2,
            workload="StatefulSet",
            chart_image=_SERVER,
            secrets=start("panda-envs", "panda-token-cache") + start("panda-certs", otherwise=PROXIES),
            claims=(Claim("logs", "5Gi", adopt_key="sharedPvcName", shared_path="jedi-logs"),),
            ports=(80, 443),
            pod_ports=(25080, 25443),
            calls=_CALLS,
            remotes=_remotes,
            reserves=("cpu", "memory"),
        ),
        SubComponentSpec(
            name="postgres",
            workload="Deployment",
            chart_image=("ghcr.io/pandawms/panda-database", "0.1.5-2"),
            secrets=start("panda-envs"),
            claims=(Claim("data", "5Gi"),),
            ports=(5432,),
            scalable=False,
            reserves=("cpu", "memory"),
            dump=Dump(
                "postgres",
                "panda-envs",
                "PANDA_DB_USER",
                "PANDA_DB_PASSWORD",
                _databases,
                # The extension that makes partitions belongs to the administrator.
                leaves_out=("partman",),
            ),
        ),
    ),
    needs=("msgsvc",),
    after=("iam",),
    endpoints=(
        Endpoint(
            host="panda",
            position=10,
            plain_route=True,
            passthrough=True,
            about="PanDA server.",
            key="server.ingress",
            tls="panda-tls-certs",
            route="server.route",
            route_host="server.hostName",
            gateway="server.gateway",
            client_authorities="panda-client-cas",
            snippets=True,
            pods=(calls.SERVER_TLS,),
            plain_pods=(calls.SERVER_PLAIN,),
        ),
        Endpoint(
            host="panda_big",
            additional=True,
            position=20,
            passthrough=True,
            about="PanDA server for large uploads.",
            key="server.ingress_big",
            tls="panda-tls-certs",
            snippets=True,
            pods=(calls.SERVER_TLS,),
        ),
    ),
    secrets=PandaSecrets,
    secrets_about="PanDA.",
    contains={
        ("auth", "idToken"): Contained(secrets=("panda-envs",), limits={"panda/server": TOKEN}),
        ("auth", "internalClientSecret"): Contained(secrets=("panda-token-cache",)),
        ("auth", "tokenCacheSecret"): Contained(secrets=("panda-token-cache",)),
        ("auth", "clientSecrets"): Contained(secrets=("panda-auth",)),
        ("msgsvc", "basePassword"): Contained(secrets=("panda-envs",), limits={"panda/server": BROKER}),
        ("rucio", "password"): Contained(secrets=("panda-envs",), limits={"panda/server": INI}),
    },
    builders={
        "panda-envs": envs,
        "panda-auth": auth,
        "panda-token-cache": token_cache,
        "panda-certs": mounted("panda"),
        "panda-tls-certs": of_ingress("panda"),
        "cric-jsons": cric_lists.jsons,
    },
    certificate=HostCertificate(
        "PanDA server; covers `hosts.panda` and `hosts.pandaBig`.",
        # The image makes a certificate as root, so a server that runs as another user cannot read its key.
        always=lambda config: not config.is_rootless,
    ),
    files=(
        FileGroup(
            "panda",
            "Files beside the PanDA server's certificate; those that end with .proxy BigMon gets too.",
            "panda-certs",
            expected=_proxies_of_rucio,
            also=lambda name: ("bigmon-certs",) if name.endswith(".proxy") else (),
        ),
    ),
    values=_values,
    derived={("settings", "database", "host"): lambda context: context.panda_database_host},
    own_values=("nodeRecovery",),
    forces=_deletes_lost_pods,
    fixed_values={
        ("server", "configFile"): "it follows from the stack's experiment (T35)",
        ("jedi", "configFile"): "it follows from the stack's experiment (T35)",
        ("nodeRecovery", "enabled"): "write `nodeRecovery` beside the component's other keys instead",
    },
    rules=(
        rules.has_a_database,
        rules.extra_variables_have_names,
        rules.nodes_are_recovered_once,
        rules.its_job_reaches_kubernetes,
        rules.its_job_pulls_without_a_log_in,
        ports_are_those_of_the_service,
    ),
    imports=IMPORTS,
    checks=CHECKS,
    schema=SCHEMA,
    postgres=PostgresDatabase(
        instead="panda/postgres",
        key="components.panda.settings.database.host",
        beside="`postgres: {enabled: false}`",
        host=lambda config: _database(config).host,
        name=lambda config: _database(config).name,
        owner=lambda config: _database(config).user,
        secret="panda-envs",  # noqa: S106 - a name
        user="PANDA_DB_USER",
        password="PANDA_DB_PASSWORD",  # noqa: S106 - a key
        preloaded=("pg_cron",),
        extensions=("pg_cron", "pg_partman"),
        prepared=("CREATE EXTENSION pg_cron",),
        inside=("CREATE SCHEMA partman", "CREATE EXTENSION pg_partman SCHEMA partman"),
    ),
)
