"""Harvester, which submits jobs to the sites, and its MariaDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from panda_infra.products.databases import MariaDbDatabase
from panda_infra.products.model import (
    Claim,
    ComponentSpec,
    Dump,
    Endpoint,
    FileGroup,
    HostCertificate,
    SecretUse,
    SubComponentSpec,
    live,
    start,
)
from panda_infra.products.network import EVERY_PORT, Remote, at_urls
from panda_infra.products.panda import calls, remotes
from panda_infra.products.panda.chart_values import proxy_values, rootless
from panda_infra.products.panda.components.harvester import rules
from panda_infra.products.panda.components.harvester.contents import (
    auth,
    databases,
    envs,
    every_database,
    initdb,
)
from panda_infra.products.panda.components.harvester.imports import IMPORTS
from panda_infra.products.panda.components.harvester.models import (
    Harvester,
    HarvesterDatabase,
    HarvesterSecrets,
)
from panda_infra.products.panda.cric_lists import without_cric
from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.panda.limits import TOKEN
from panda_infra.products.secret_values import Contained
from panda_infra.products.tls import mounted
from panda_infra.products.verification import Check, mariadb
from panda_infra.tree import Values, merged

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names
    from panda_infra.products.panda.context import Context

__all__ = ["COMPONENT"]

# The last series with a default that fits Harvester's transactions (upstream passes a flag for later ones).
_MARIADB = ("mariadb", "11.4")


def _database(config: Settings) -> HarvesterDatabase:
    return config.components.of(Harvester).settings.database


def _values(config: Settings, names: Names) -> Values:
    values: Values = {
        "experiment": EXPERIMENTS[config.experiment].harvester,
        # The shared log claim is made before all releases: if this release made it, the others would deadlock (T20).
        "sharedLogs": {"create": False},
    }
    proxies = proxy_values(config, "harvester")
    if proxies:
        values["panda"] = {"host": f"{names.workload('panda', 'server')}:{443}"}  # T35
    return merged({"harvester": values}, proxies, rootless(config, "harvester"))


def _copied(use: SecretUse, config: Settings) -> SecretUse:
    """The use with the files that Harvester's start script copies, which depend on the experiment."""
    return replace(use, otherwise=EXPERIMENTS[config.experiment].copied_files)


def _remotes(context: Context) -> Iterator[Remote]:
    database = context.harvester.database
    yield from remotes.database(database.host, remotes.MARIADB)
    if database.host_per_replica:
        harvester = context.config.components.get(Harvester)
        domain = f".{database.domain_per_replica}" if database.domain_per_replica else ""
        for replica in range(harvester.harvester.replicas if harvester else 0):
            host = f"{database.host_per_replica}-{replica}{domain}"
            yield from remotes.database(host, remotes.MARIADB)
    for group in (remotes.issuers, remotes.cric, remotes.proxies):
        yield from group(context)
    if context.cric_urls is None:
        yield from at_urls("PanDA server", (f"https://{context.panda_host}",))
    # Each site chooses the ports of its computing elements and VOMS servers.
    yield Remote("", EVERY_PORT, "computing elements, VOMS")


COMPONENT = ComponentSpec(
    name="harvester",
    title="Harvester",
    about="Harvester, MariaDB.",
    position=50,
    version="0.1.0",
    usual_seconds=25,
    config=Harvester,
    sub_components=(
        SubComponentSpec(
            name="harvester",
            heavy=3,
            workload="StatefulSet",
            chart_image=("ghcr.io/hsf/harvester", "v0.6.5"),
            secrets=start("harvester-envs", "harvester-certs")
            + live("harvester-auth", in_stack=_copied)
            + live("cric-jsons", optional=True, in_stack=without_cric),
            claims=(
                Claim("logs", "5Gi", adopt_key="existingClaim", shared_path="harvester-logs"),
                Claim("wdirs", "5Gi", key="persistentvolumewdir", adopt_key="existingClaim"),
                Claim(
                    "condor",
                    "5Gi",
                    key="persistentvolumecondor",
                    adopt_key="existingClaim",
                    shared_path="condor_logs",
                ),
                Claim("special", "5Gi", key="persistentvolumespecial", optional=True),
            ),
            ports=(80, 443),
            pod_ports=(8080, 8443),
            calls=(*calls.SERVER, calls.HARVESTER_DATABASE),
            remotes=_remotes,
            # A queue may be the cluster in which it runs itself.
            asks_kubernetes=lambda _config: True,
            reserves=("cpu", "memory", "ephemeral-storage"),
        ),
        SubComponentSpec(
            name="mariadb",
            workload="StatefulSet",
            chart_image=("bitnami/mariadb", "latest"),
            secrets=start("harvester-envs", "harvester-initdb"),
            claims=(Claim("data", "5Gi", adopt_key="existingClaim", shared_path="mariadb-data"),),
            ports=(3306,),
            scalable=False,
            image=_MARIADB,
            reserves=("cpu", "memory", "ephemeral-storage"),
            dump=Dump(
                "mariadb",
                "harvester-envs",
                "MARIADB_USER",
                "MARIADB_PASSWORD",
                databases,
                administrator="MARIADB_ROOT_PASSWORD",
            ),
        ),
    ),
    needs=("msgsvc", "panda"),
    after=("iam",),
    endpoints=(
        Endpoint(
            host="harvester",
            position=70,
            about="Harvester's condor logs, when not served through BigMon's host.",
            key="harvester.ingress",
            tls="bigmon-tls-certs",
            route="harvester.route",
            route_host="harvester.route.hostName",
            class_annotation=False,
            pods=(calls.HARVESTER,),
        ),
    ),
    secrets=HarvesterSecrets,
    secrets_about="Harvester.",
    contains={
        ("auth", "idToken"): Contained(secrets=("harvester-envs",), limits={"harvester/harvester": TOKEN}),
        ("auth", "internalClientSecret"): Contained(secrets=("harvester-auth",)),
    },
    builders={
        "harvester-envs": envs,
        "harvester-auth": auth,
        "harvester-certs": mounted("harvester"),
        "harvester-initdb": initdb,
    },
    certificate=HostCertificate("Harvester's httpd and HTCondor.", always=lambda _config: True),
    files=(
        FileGroup("harvester", "Files beside Harvester's certificate.", "harvester-certs"),
        FileGroup(
            "harvester_auth",
            "Token and robot files with which Harvester authenticates.",
            "harvester-auth",
            expected=lambda config: EXPERIMENTS[config.experiment].auth_files,
        ),
    ),
    values=_values,
    fixed_values={
        ("harvester", "experiment"): "it follows from the stack's experiment (T35)",
        ("harvester", "sharedLogs"): "the shared claim is made before all releases (T20)",
    },
    rules=(
        rules.has_a_database,
        rules.endpoint_is_the_issuers,
        rules.identity_is_a_text,
        rules.replicas_have_databases,
        rules.working_folders_have_the_class_of_logs,
    ),
    derived={("settings", "database", "host"): lambda context: context.harvester_database_host},
    mariadb=MariaDbDatabase(
        instead="harvester/mariadb",
        key="components.harvester.settings.database.host",
        beside="`mariadb: {enabled: false}`",
        host=lambda config: _database(config).host,
        owner=lambda config: _database(config).user,
        databases=every_database,
        secret="harvester-envs",  # noqa: S106 - a name
        user="MARIADB_USER",
        password="MARIADB_PASSWORD",  # noqa: S106 - a key
        image=_MARIADB,
    ),
    imports=IMPORTS,
    checks=(
        Check(
            "harvester.database",
            "The embedded database answers a query of its user",
            "PANDA-DATABASES",
            mariadb("harvester/mariadb"),
        ),
    ),
)
