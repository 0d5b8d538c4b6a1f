"""INDIGO IAM, the identity provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.products.databases import MariaDbDatabase
from panda_infra.products.model import (
    Claim,
    ComponentSpec,
    Endpoint,
    FileGroup,
    HostCertificate,
    SubComponentSpec,
    live,
    start,
)
from panda_infra.products.network import Remote, at_urls
from panda_infra.products.panda import calls, remotes
from panda_infra.products.panda.components.iam import rules
from panda_infra.products.panda.components.iam.contents import (
    CHARACTER_SET,
    COLLATION,
    conf,
    database_envs,
    envs,
    initdb,
)
from panda_infra.products.panda.components.iam.imports import IMPORTS
from panda_infra.products.panda.components.iam.models import Iam, IamDatabase, IamSecrets
from panda_infra.products.panda.components.iam_db import CHART_DATABASE, DATABASE_IMAGE, DUMP
from panda_infra.products.tls import mounted, of_ingress
from panda_infra.products.verification import Check, Request, mariadb

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.panda.context import Context

__all__ = ["COMPONENT"]


def _remotes(context: Context) -> Iterator[Remote]:
    settings = context.iam
    yield from remotes.database(settings.database.host, remotes.MARIADB)
    yield from at_urls("probe", (settings.health_probe,))
    if settings.identity_provider:
        yield from at_urls("log-in", (settings.identity_provider.issuer,))
    if settings.mail:
        yield Remote(settings.mail.host, settings.mail.port, "mail")


def _database(config: Settings) -> IamDatabase:
    return config.components.of(Iam).settings.database


COMPONENT = ComponentSpec(
    name="iam",
    title="INDIGO IAM",
    about="INDIGO IAM.",
    position=20,
    version="0.1.0",
    usual_seconds=25,
    config=Iam,
    sub_components=(
        SubComponentSpec(
            name="main",
            workload="StatefulSet",
            chart_image=("indigoiam/iam-login-service", "v1.8.4"),
            secrets=start("iam-envs", "iam-conf") + live("iam-certs"),
            # The chart makes a claim that no pod mounts (T21).
            claims=(Claim("unused", "5Gi", optional=True),),
            ports=(8443,),
            calls=calls.IAM_DATABASES,
            remotes=_remotes,
        ),
        SubComponentSpec(
            name="mariadb",
            workload="Deployment",
            chart_image=CHART_DATABASE,
            secrets=start("iam-db-envs", "iam-initdb"),
            claims=(Claim("data", "5Gi"),),
            ports=(3306,),
            scalable=False,
            image=DATABASE_IMAGE,
            dump=DUMP,
        ),
    ),
    after=("iam-db",),
    endpoints=(
        Endpoint(
            host="iam",
            position=50,
            about="INDIGO IAM.",
            key="main.ingress",
            tls="iam-tls-certs",
            snippets=True,
            pods=(calls.IAM,),
        ),
    ),
    own_name="iam",
    issuing=True,
    secrets=IamSecrets,
    rules=(rules.has_a_database, rules.has_its_provider),
    secrets_about="INDIGO IAM.",
    builders={
        "iam-envs": envs,
        "iam-db-envs": database_envs,
        "iam-initdb": initdb,
        "iam-conf": conf,
        "iam-certs": mounted("iam"),
        "iam-tls-certs": of_ingress("iam"),
    },
    certificate=HostCertificate("IAM; covers `hosts.iam`."),
    files=(FileGroup("iam", "Files beside IAM's certificate.", "iam-certs"),),
    derived={
        ("settings", "database", "host"): lambda context: context.iam_database_host,
        ("settings", "baseUrl"): lambda context: context.iam_url,
    },
    mariadb=MariaDbDatabase(
        instead="iam/mariadb",
        key="components.iam.settings.database.host",
        beside="`mariadb: {enabled: false}`, without `iam-db`",
        host=lambda config: _database(config).host,
        owner=lambda config: _database(config).user,
        databases=lambda config: (_database(config).name,),
        secret="iam-envs",  # noqa: S106 - a name
        user="IAM_DB_USERNAME",
        password="IAM_DB_PASSWORD",  # noqa: S106 - a key
        image=DATABASE_IMAGE,
        character_set=CHARACTER_SET,
        collation=COLLATION,
    ),
    imports=IMPORTS,
    checks=(
        Check(
            "iam.discovery",
            "IAM describes itself as an issuer of tokens",
            "PANDA-TOKENS",
            Request("iam/main", 8443, "/.well-known/openid-configuration", holds='"issuer"'),
        ),
        Check(
            "iam.database",
            "IAM's embedded database answers a query of its user",
            "PANDA-DATABASES",
            mariadb("iam/mariadb"),
        ),
    ),
)
