"""BigMon, the monitor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from panda_infra.products.model import (
    Claim,
    ComponentSpec,
    Endpoint,
    FileGroup,
    HostCertificate,
    SubComponentSpec,
    start,
)
from panda_infra.products.network import Remote, at_urls
from panda_infra.products.panda import calls, remotes
from panda_infra.products.panda.components.bigmon import rules
from panda_infra.products.panda.components.bigmon.contents import backend, certs, envs, tls_certs
from panda_infra.products.panda.components.bigmon.imports import IMPORTS
from panda_infra.products.panda.components.bigmon.models import Bigmon, BigmonSecrets
from panda_infra.products.panda.components.harvester.models import Harvester
from panda_infra.products.panda.limits import INI, PYTHON, TOKEN
from panda_infra.products.panda.rucio import PROXIES
from panda_infra.products.secret_values import Contained
from panda_infra.products.verification import Check, Request
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names
    from panda_infra.products.panda.context import Context

__all__ = ["COMPONENT"]

_HTTPS, _MAIL = 443, 587


def _condor_logs(config: Settings, names: Names) -> tuple[Values, ...]:
    """The path on BigMon's host that leads to Harvester's condor logs, unless Harvester has its own host."""
    if config.components.get(Harvester) is None or config.hosts.of("harvester") is not None:
        return ()
    service = names.workload("harvester", "harvester")
    path = {"path": "/condor_logs", "pathType": "Prefix", "serviceName": service, "servicePort": 443}
    return (path,)


def _remotes(context: Context) -> Iterator[Remote]:
    settings = context.config.components.of(Bigmon).settings
    own, panda, idds = settings.database, context.panda.database, context.idds.database
    oracle = backend(context) == "oracle"
    # Given alone, the name of an Oracle database is an alias.
    host = own.host or panda.host or (own.name if oracle else None)
    yield from remotes.database(host, own.port or panda.port, oracle=oracle)
    yield from remotes.database(idds.host, idds.port, oracle=idds.backend == "oracle")
    for group in (remotes.issuers, remotes.cric, remotes.rucio, remotes.proxies):
        yield from group(context)
    if store := context.object_store:
        yield Remote(store.host, store.port, "object store")
    yield from at_urls("log-in", (provider.base_path for provider in settings.providers.values()))
    yield from at_urls("output of prmon", (settings.prmon_location,))
    # Hosts in BigMon's own settings, and storages with logs.
    yield Remote("", _HTTPS, "log-in, Grafana, logs")
    if settings.mail_user:
        yield Remote("", _MAIL, "mail")


_BY_PYTHON = Contained(secrets=("bigmon-envs",), limits={"bigmon/main": PYTHON})

COMPONENT = ComponentSpec(
    name="bigmon",
    title="BigMon",
    about="BigMon.",
    position=70,
    version="0.1.1",
    config=Bigmon,
    sub_components=(
        SubComponentSpec(
            name="main",
            heavy=4,
            workload="StatefulSet",
            chart_image=("ghcr.io/pandawms/panda-bigmon-core", "v1.1.7"),
            secrets=start("bigmon-envs") + start("bigmon-certs", otherwise=PROXIES),
            claims=(Claim("logs", "5Gi", adopt_key="sharedPvcName", shared_path="bigmon-logs"),),
            ports=(443,),
            pod_ports=(8443,),
            calls=(*calls.SERVER, calls.PANDA_DATABASE, calls.IDDS, calls.IDDS_DATABASE),
            remotes=_remotes,
        ),
    ),
    needs=("panda",),
    after=("iam",),
    endpoints=(
        Endpoint(
            host="bigmon",
            position=30,
            about="BigMon.",
            key="main.ingress",
            tls="bigmon-tls-certs",
            route="main.route",
            route_host="main.hostName",
            pods=(calls.BIGMON,),
        ),
    ),
    secrets=BigmonSecrets,
    rules=(rules.fits_its_database, rules.applications_differ, rules.names_oracle_as_django_does),
    secrets_about="BigMon.",
    contains={
        ("panda", "databasePassword"): replace(_BY_PYTHON, replaced_by=("bigmon", "databasePassword")),
        ("idds", "databasePassword"): _BY_PYTHON,
        ("auth", "idToken"): replace(_BY_PYTHON, limits={"bigmon/main": TOKEN}),
        ("rucio", "password"): replace(_BY_PYTHON, limits={"bigmon/main": INI}),
        ("objectStore", "accessKey"): _BY_PYTHON,
        ("objectStore", "secretKey"): _BY_PYTHON,
    },
    builders={"bigmon-envs": envs, "bigmon-certs": certs, "bigmon-tls-certs": tls_certs},
    certificate=HostCertificate("BigMon; covers `hosts.bigmon` and `hosts.harvester`."),
    files=(FileGroup("bigmon", "Files beside BigMon's certificate.", "bigmon-certs"),),
    paths=_condor_logs,
    imports=IMPORTS,
    checks=(
        Check(
            "bigmon.page",
            "BigMon answers with a page or sends to its log-in",
            "PANDA-API",
            Request("bigmon/main", 443, "/", status=(200, 301, 302)),
        ),
    ),
)
