"""Rucio's server, the catalog of DPPS' data."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.config.base import Authorities
from panda_infra.errors import Problem
from panda_infra.products.content import Env
from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.database import DATABASE_SECRET, POOL, database_env, database_secret
from panda_infra.products.ctao.heartbeats import HEARTBEATS
from panda_infra.products.ctao.placed import FIXED_VALUES, HASH_VARIABLE, placed, renamed
from panda_infra.products.ctao.verification import asked_as_root
from panda_infra.products.ctao.versions import SERVER_CHART, SERVER_IMAGE
from panda_infra.products.metrics import Metrics, monitored
from panda_infra.products.model import ComponentSpec, Endpoint, HostCertificate, SubComponentSpec, start
from panda_infra.products.network import Remote
from panda_infra.products.rule import rule
from panda_infra.products.secret_values import Contained
from panda_infra.products.settings import ComponentSettings, Word
from panda_infra.products.tls import issuers, of_ingress, pem
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import Component, Replicated
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names
    from panda_infra.rules.subject import Subject

__all__ = [
    "COMPONENT",
    "RUCIO_PORT",
    "Rucio",
    "RucioServerSettings",
    "apache_reads_texts",
    "authorities",
    "clients_know_its_authority",
    "pods_have_no_annotations",
    "policy",
]

RUCIO_PORT = 443
_CA, _CERTIFICATE, _KEY = (f"/etc/grid-security/{name}.pem" for name in ("ca", "hostcert", "hostkey"))
_ROOT_ALONE = {"defaultMode": 0o400}
_ROLLING = "panda-infra/secrets-hash"
# The image's Apache serves the metrics of all its processes there, if the variable is set.
_METRICS = Metrics(8081, "/metrics/")


class RucioServerSettings(ComponentSettings):
    """Settings of Rucio's server, which its daemons share."""

    policy_package: Word | None = None
    """Python package with the experiment's permissions and schema, which the image contains; default: Rucio's own."""
    client_authorities: Authorities | None = None
    """Authorities that sign the certificates of users and robots, as PEM; default: those of the host certificate."""


class Rucio(Component):
    """Rucio's server."""

    server: Replicated = Replicated()
    """The server."""
    settings: RucioServerSettings = RucioServerSettings()
    """Policy package, authorities."""


def policy(config: "Settings") -> Values:
    """Rucio's section of the policy package; empty without one."""
    rucio = config.components.get(Rucio)
    package = rucio.settings.policy_package if rucio else None
    return {"policy": {"package": package}} if package else {}


def authorities(context: "Context") -> Env:
    """The Secret rucio-ca: the authorities of clients' certificates, and of the server's own for those that call it."""
    rucio = context.config.components.get(Rucio)
    given = rucio.settings.client_authorities if rucio else None
    return {"ca.pem": pem(given or "") + issuers(context.config, "rucio")}


def _values(config: "Settings", names: "Names") -> Values:
    return {
        "fullnameOverride": names.workload("rucio", "server"),
        "serviceAccountName": names.release("rucio"),
        # Without this the chart mounts Secrets with fixed names, which do not exist.
        "useDeprecatedImplicitSecrets": False,
        "useSSL": True,
        # Users need the error log, but its sidecar has an image without a version.
        "exposeErrorLogs": False,
        "service": {"port": RUCIO_PORT, "targetPort": RUCIO_PORT, "name": "https"},
        "secretMounts": [
            _file("authorities", names.secret("rucio-ca"), "ca.pem", _CA),
            # The chart's own value for them, `tlsSecretName`, lets everybody read the private key.
            _file("certificate", names.secret("rucio-tls-certs"), "tls.crt", _CERTIFICATE) | _ROOT_ALONE,
            _file("key", names.secret("rucio-tls-certs"), "tls.key", _KEY) | _ROOT_ALONE,
        ],
        "additionalEnvs": [database_env(names), *_metrics(config)],
        "config": {"database": POOL, **policy(config)},
    }


def _file(volume: str, secret: str, key: str, path: str) -> Values:
    return {"volumeName": volume, "secretFullName": secret, "mountPath": path, "subPath": key}


def _metrics(config: "Settings") -> Iterator[Values]:
    """The variable that opens the metrics; the chart's own value adds an exporter without a version."""
    if monitored(config):
        yield {"name": "RUCIO_METRICS_PORT", "value": str(_METRICS.port)}


_PULL = "imagePullSecrets"


def _chart_form(values: Values) -> Values:
    """The values of the server at the top of the chart's values, and its Ingress as the chart describes one."""
    server = values["server"]
    made = renamed(server, {"replicaCount": "replicaCount", "image": "image", _PULL: _PULL}) | placed(
        server, "serverResources"
    )
    if digest := (server.get("podAnnotations") or {}).get(_ROLLING):
        made["optional_config"] = {HASH_VARIABLE: digest}
    exposed = values.get("exposed") or {}
    if exposed.get("enabled"):
        prefix = values["global"]["secret"]
        annotations = {key: text for key, text in exposed["annotations"].items() if text is not None}
        made["ingress"] = {
            "enabled": True,
            "ingressClassName": exposed["className"],
            # The Service speaks TLS itself.
            "annotations": {"nginx.ingress.kubernetes.io/backend-protocol": "HTTPS"} | annotations,
            "hosts": [entry["hostOverride"] for entry in exposed["hosts"]],
            "tls": [{"secretName": f"{prefix}-rucio-tls-certs"}],
        }
    return made


@rule("components")
def apache_reads_texts(subject: "Subject") -> Iterator[Problem]:
    """The chart encodes each value of its web server as a text and fails with any other (C14)."""
    rucio = subject.config.components.get(Rucio)
    given = rucio.values.get("httpd_config") if rucio else None
    for key, value in (given or {}).items():
        if not isinstance(value, str):
            what = "must be a text: the chart cannot be rendered with a number or a truth value"
            yield Problem(f"components.rucio.values.httpd_config.{key}", what, f'Write e.g. `{key}: "On"`.')


@rule("components", "certificates")
def clients_know_its_authority(subject: "Subject") -> Iterator[Problem]:
    """Jobs and daemons trust the authorities of the server's certificate alone."""
    source = subject.config.certificates
    if source.kind == "cert-manager" and source.cluster_issuer and not source.authorities:
        what = "is missing: Rucio's clients in the stack would not trust its server"
        fix = "Add the PEM text of the ClusterIssuer's authorities, e.g. `authorities: |`."
        yield Problem("certificates.authorities", what, fix)


@rule("components")
def pods_have_no_annotations(subject: "Subject") -> Iterator[Problem]:
    """The chart gives the server's pods no annotations."""
    rucio = subject.config.components.get(Rucio)
    if rucio and rucio.server.annotations:
        what = "has no effect: the chart gives the server's pods no annotations"
        yield Problem("components.rucio.server.annotations", what, "Remove it.")


def _remotes(context: "Context") -> Iterator[Remote]:
    yield from remotes.database(context)
    yield from remotes.issuer(context)


_NATIVE = "the stack makes this Secret itself, and the chart mounts it"

COMPONENT = ComponentSpec(
    name="rucio",
    title="Rucio",
    about="Rucio's server, REST.",
    position=230,
    version=SERVER_CHART,
    usual_seconds=30,
    chart="rucio-server",
    has_secrets=True,
    own_account=True,
    chart_form=_chart_form,
    config=Rucio,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=("rucio/rucio-server", "release-36.2.0"),
            image=SERVER_IMAGE,
            secrets=start(DATABASE_SECRET, "rucio-tls-certs", "rucio-ca"),
            ports=(RUCIO_PORT,),
            labels={"app": "rucio-server", "release": "{release}"},
            calls=(remotes.DATABASE,),
            remotes=_remotes,
            metrics=(_METRICS,),
            exporters=(HEARTBEATS,),
            switchable=False,
        ),
    ),
    needs=("rucio-bootstrap",),
    after=("rucio-db",),
    endpoints=(
        Endpoint(
            host="rucio",
            position=230,
            about="Rucio.",
            key="exposed",
            tls="rucio-tls-certs",
            passthrough=True,
            class_annotation=False,
            pods=(remotes.RUCIO,),
        ),
    ),
    contains={("interfaces", "rucioDatabasePassword"): Contained(secrets=(DATABASE_SECRET,))},
    builders={
        DATABASE_SECRET: database_secret,
        "rucio-tls-certs": of_ingress("rucio"),
        "rucio-ca": authorities,
    },
    certificate=HostCertificate(
        "Rucio; covers `hosts.rucio` and its Service.",
        always=lambda config: bool(config.components.get(Rucio)),
    ),
    values=_values,
    own_values=(
        "automaticRestart",
        "config",
        "deploymentAnnotations",
        "errorLog",
        "errorLogsExporterResources",
        "exposeErrorLogs",
        "ftsRenewal",
        "hostPathMounts",
        "httpd_config",
        "imagePullSecrets",
        "imageRegistry",
        "ingress",
        "livenessProbe",
        "logFormat",
        "metricsExporterResources",
        "minReadySeconds",
        "monitoring",
        "optional_config",
        "policyPackages",
        "readinessProbe",
        "service",
        "strategy",
        "wsgi",
    ),
    fixed_values={
        **FIXED_VALUES,
        ("config", "bootstrap"): "the root account's password would be in Helm's release (C47)",
        ("ingress", "secrets"): f"keys would be in Helm's release; {_NATIVE} (C47)",
        ("ingress", "enabled"): "write `hosts: {rucio: ...}` instead",
        (
            "monitoring",
            "enabled",
        ): "it adds an exporter without a version; write the section `monitoring` instead",
    },
    rules=(apache_reads_texts, clients_know_its_authority, pods_have_no_annotations),
    checks=(
        Check(
            "rucio.ping",
            "The server answers with its version",
            "DPPS-NEW",
            Request("rucio/server", RUCIO_PORT, "/ping", holds='"version"'),
        ),
        Check(
            "rucio.whoami",
            "The server knows its account root by the password of the Secret",
            "DPPS-SECRETS",
            asked_as_root("whoami"),
        ),
    ),
)
