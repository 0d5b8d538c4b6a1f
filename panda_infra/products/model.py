"""The description of a component: its parts, its volumes and Secrets, and the components that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from panda_infra.config.paths import Path
from panda_infra.products.imports import Imports
from panda_infra.products.metrics import Exporter, Metrics
from panda_infra.products.network import Call, Remote
from panda_infra.tree import merged

if TYPE_CHECKING:
    from panda_infra.config.base import Model
    from panda_infra.config.stack import Settings
    from panda_infra.products.databases import MariaDbDatabase, PostgresDatabase
    from panda_infra.products.names import Names
    from panda_infra.products.rule import Rule
    from panda_infra.products.schemas import Schema
    from panda_infra.products.secret_values import Contained
    from panda_infra.products.verification import Check
    from panda_infra.products.workloads import Component
    from panda_infra.tree import Values

__all__ = [
    "BACKUPS",
    "Builder",
    "Claim",
    "ComponentSpec",
    "Dump",
    "Endpoint",
    "FileGroup",
    "HostCertificate",
    "Predicate",
    "SecretUse",
    "SubComponentSpec",
    "backup_job",
    "live",
    "start",
]

# The ports of PostgreSQL and MariaDB.
_DATABASES = frozenset({5432, 3306})
BACKUPS = "panda-infra-backup"
"""The name of everything that backs up databases."""
# A name that Jobs are made of by adding eleven characters.
_CRON_JOB_LIMIT = 52
Predicate = Callable[["Settings"], bool]
InStack = Callable[["SecretUse", "Settings"], "SecretUse | None"]
Builder = Callable[[Any], Mapping[str, str | bytes]]


def backup_job(database: str) -> str:
    """Name of the CronJob that dumps a database, by the database's name in those of its backups."""
    return f"{BACKUPS}-{database}"[:_CRON_JOB_LIMIT].rstrip("-")


@dataclass(frozen=True)
class SecretUse:
    """A Secret that a sub-component mounts or imports.

    ``suffix`` is the Secret's name without the prefix. ``read`` is the time at which the pod reads it: ``start`` means
    that a change takes effect only after the pod is replaced, ``live`` that it is read again while the pod runs. Keys
    that match ``otherwise`` are read in the other way. A pod also starts without an ``optional`` Secret. ``in_stack``
    gives the use in a particular stack, None if that stack does not use the Secret.
    """

    suffix: str
    read: Literal["start", "live"]
    optional: bool = False
    otherwise: tuple[str, ...] = ()
    in_stack: InStack = lambda use, _config: use

    def reads_at_start(self, key: str) -> bool:
        """True if a change of this key of the Secret takes effect only after the pod is replaced."""
        return (self.read == "start") != any(fnmatchcase(key, pattern) for pattern in self.otherwise)


def start(*suffixes: str, otherwise: tuple[str, ...] = ()) -> tuple[SecretUse, ...]:
    """Secrets that are read once, when the pod starts."""
    return tuple(SecretUse(suffix, "start", otherwise=otherwise) for suffix in suffixes)


def live(
    suffix: str, *, optional: bool = False, in_stack: InStack = lambda use, _config: use
) -> tuple[SecretUse, ...]:
    """A Secret that is read again while the pod runs."""
    return (SecretUse(suffix, "live", optional, in_stack=in_stack),)


@dataclass(frozen=True)
class Claim:
    """A volume claim of a sub-component.

    ``name`` is its name in the stack file, ``size`` the chart's default, and ``key`` the chart's value (below the
    sub-chart) that describes it.
    ``adopt_key`` is the chart's value for the name of an existing claim, ``reuse_key`` a switch by which one without it
    becomes a folder of the logs' claim; without both the claim is always new.
    ``shared_path`` is the folder that replaces the claim inside the stack's shared log claim. ``optional`` claims
    exist only if the stack file names them.
    """

    name: str
    size: str
    key: str = "persistentvolume"
    adopt_key: str = ""
    reuse_key: str = ""
    shared_path: str = ""
    optional: bool = False

    def existing(self, values: Mapping[str, Any]) -> str | bool:
        """The existing claim that the chart's values name; true for a folder of the logs' one, empty for a new one."""
        return values.get(self.adopt_key) or values.get(self.reuse_key) or ""


@dataclass(frozen=True)
class Dump:
    """How the databases of a sub-component are dumped and restored.

    ``secret`` is the suffix of the Secret in whose keys ``user`` and ``password`` the log-in is. ``names`` gives the
    databases, each by what follows the component's name in the names of its backups: nothing, if there is one.
    ``administrator`` is the key of root's password, by which MariaDB restores; PostgreSQL does it by the user. The
    user may not read the schemas that it ``leaves_out``.
    """

    engine: Literal["postgres", "mariadb"]
    secret: str
    user: str
    password: str
    names: Callable[[Settings], Mapping[str, str]]
    administrator: str = ""
    leaves_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """A Service that can be exposed under a host name.

    ``host`` is the field of ``hosts`` and ``about`` its description in the stack file's schema; ``position`` is its
    place among all hosts, and the records of deployed clusters contain the hosts in that order. ``key`` is the chart's
    value that describes the Ingress (dotted), ``tls`` the suffix of the TLS Secret that the chart's Ingress names.
    ``host_value`` is the value for the host if the Ingress' rules are fixed in the chart. ``route`` and ``gateway`` are
    the values that describe an OpenShift Route and a Gateway, empty if the chart has none; ``route_host`` is the value
    for the host of the Route or Gateway. ``class_annotation`` and ``snippets`` are true if the chart itself sets these
    annotations of nginx. ``passthrough`` is true if the Service accepts TLS connections that the ingress controller
    passes through. ``plain_route`` is true if the chart makes a second Route for plain HTTP. An ``additional`` endpoint
    leads to a Service that has another endpoint. The ingress controller connects to ``pods``; for a Gateway, and where
    there is a ``plain_route``, to ``plain_pods`` too. A Gateway reads the authorities of its clients' certificates from
    the ConfigMap of the suffix ``client_authorities`` (T34).
    """

    host: str
    position: int
    about: str
    key: str
    tls: str
    route: str = ""
    route_host: str = ""
    gateway: str = ""
    client_authorities: str = ""
    host_value: str = ""
    class_annotation: bool = True
    snippets: bool = False
    passthrough: bool = False
    plain_route: bool = False
    additional: bool = False
    pods: tuple[Call, ...] = ()
    plain_pods: tuple[Call, ...] = ()


@dataclass(frozen=True)
class SubComponentSpec:
    """A part of a chart, mostly a sub-chart: one workload with its Service, Secrets and claims.

    ``name`` is part of the workload's name; the key in a stack file is its camel-case form. A ``Job`` runs once for
    each change of its release, which is ready when the job has succeeded. ``ports`` are its Service's ports, empty
    without a Service. ``switchable`` sub-charts have an ``enabled`` value, ``scalable`` ones a ``replicaCount``.
    ``chart_image`` is the chart's default, repository and tag; ``image`` replaces it if it loses data, no longer
    exists (T28) or changes without notice (T40). ``reserves`` are the resources for which the chart has requests and
    limits of its own, made for large nodes (T41). A workload that ``locks`` its data waits for a lost pod that still
    writes. If it is not ``placeable``, its chart ignores the placement of pods (T36), which a post-renderer then
    adds. ``dump`` describes the backup of a database. ``heavy`` is the place of a service among all that can fill a
    whole node, 0 for other services: the values of releases contain them in that order.

    Its pods have the ``labels``, where ``{release}`` stands for the release's name, and listen on ``pod_ports`` where
    these differ from the Service's ``ports``, in the same order. They connect to ``calls`` inside of the stack and to
    ``remotes``, by the product's context, and to the Kubernetes API server where the part ``asks_kubernetes``. They
    have ``metrics`` themselves, or ``exporters`` make some; a database with a ``dump`` has an exporter by itself. With
    ``traces`` they send those to the address in the stack file.
    """

    name: str
    workload: Literal["Deployment", "StatefulSet", "Job"]
    chart_image: tuple[str, str]
    secrets: tuple[SecretUse, ...] = ()
    claims: tuple[Claim, ...] = ()
    ports: tuple[int, ...] = ()
    switchable: bool = True
    scalable: bool = True
    image: tuple[str, str] | None = None
    reserves: tuple[str, ...] = ()
    locks: bool = False
    placeable: bool = True
    dump: Dump | None = None
    heavy: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    pod_ports: tuple[int, ...] = ()
    calls: tuple[Call, ...] = ()
    remotes: Callable[[Any], Iterable[Remote]] = lambda _context: ()
    asks_kubernetes: Predicate = lambda _config: False
    metrics: tuple[Metrics, ...] = ()
    exporters: tuple[Exporter, ...] = ()
    traces: bool = False

    @property
    def default_image(self) -> tuple[str, str]:
        """The repository and the tag that run unless the stack file names others."""
        return self.image or self.chart_image

    @property
    def is_database(self) -> bool:
        """True if its Service serves PostgreSQL or MariaDB."""
        return not _DATABASES.isdisjoint(self.ports)

    @property
    def attribute(self) -> str:
        """Its field in the component's model."""
        return self.name.replace("-", "_")

    @property
    def listens(self) -> tuple[int, ...]:
        """The ports of its pods, in the order of the Service's."""
        return self.pod_ports or self.ports

    def pod_labels(self, release: str) -> dict[str, str]:
        """The labels that distinguish its pods from all others, in a release of that name."""
        usual = {"app.kubernetes.io/instance": "{release}", "app.kubernetes.io/name": self.name}
        return {key: value.format(release=release) for key, value in (self.labels or usual).items()}

    def claim(self, name: str) -> Claim | None:
        """The claim with that name in the stack file."""
        return next((claim for claim in self.claims if claim.name == name), None)


@dataclass(frozen=True)
class HostCertificate:
    """A component's own certificate: ``about`` is its description in the stack file's schema.

    ``always`` is true for a stack that needs it even without an exposed host, because the image makes no usable one.
    One of a robot, which is no host, has a ``subject``, as RFC 4514 spells it. Its key is ``of_rsa`` if its reader
    knows no other ones. Where cert-manager issues it, its subject is the ``common_name`` alone, by which others know
    the host; by default it is that of the first host.
    """

    about: str
    always: Predicate = lambda _config: False
    subject: Callable[[Settings], str] | None = None
    common_name: Callable[[Settings], str] | None = None
    of_rsa: bool = False


@dataclass(frozen=True)
class FileGroup:
    """Files of a component that only the site has, all in one Secret.

    ``key`` is the field of ``secrets.files`` and ``about`` its description in the stack file's schema, ``secret`` the
    suffix of the Secret. ``expected`` gives the names of files that a stack needs, ``also`` the suffixes of more
    Secrets that contain a file of that name.
    """

    key: str
    about: str
    secret: str
    expected: Callable[[Settings], tuple[str, ...]] = lambda _config: ()
    also: Callable[[str], tuple[str, ...]] = lambda _name: ()


@dataclass(frozen=True)
class ComponentSpec:
    """A component: one chart, deployed as one Helm release, with all facts about it.

    ``about`` is its description in the stack file's schema, and ``position`` its place in all lists of components.
    The chart's defaults in its parts are those of the chart's ``version``.

    ``needs`` must be part of the stack and ready first. ``after`` are awaited if they are part of the stack, but may
    run elsewhere. ``timeout`` is in seconds and allows for slow image pulls; ``usual_seconds`` is the usual time
    until its pods are ready, without image pulls. ``chart`` is the chart's name if it differs; a component that
    ``ships`` its chart has it in the folder ``charts`` of its product, whatever the stack's source of charts is.
    A chart that ``has_secrets`` of its own keeps its configuration in them, without passwords.
    ``chart_form`` gives the values of a chart without sub-charts, from those by sub-component. ``own_name`` is the
    prefix of the names of its release and workloads, empty for the product's prefix. An ``issuing`` component is
    useless if somebody else issues the tokens. ``upstream`` is false if upstream has no chart for it: `init` then
    includes it only if it is named.

    ``config`` is the model of its settings in a stack file, ``secrets`` the model of its encrypted values with
    ``secrets_about`` for the schema. ``contains`` are secret values of others, by their paths below ``secrets`` of the
    stack file, that its Secrets contain too. ``builders`` make the content of each of its Secrets, by suffix, from the
    product's context. ``values`` gives the chart values that follow from the stack, ``paths`` the paths of its hosts
    beside ``/``. ``derived`` computes keys of its settings that the stack file leaves out. ``own_values`` are keys of
    its chart beside its sub-charts' and ``global``; ``fixed_values`` are those that no stack may set, each with the
    reason. ``rules`` are about this component, ``imports`` is its part of an import. ``forces`` is true for a stack
    that deletes pods of lost nodes although they may still run. ``checks`` are what `verify` asks of it when it runs,
    beside what it asks of every component. ``schema`` is the version of its database's tables that its images need, if
    they do not bring the tables to it themselves. ``postgres`` and ``mariadb`` are what an operator may make for it.
    Pods of one with its ``own_account`` run as a ServiceAccount of the release's name, which the stack makes without
    a token: its chart does not keep that of the API out of them.
    """

    name: str
    title: str
    about: str
    position: int
    version: str
    config: type[Component]
    sub_components: tuple[SubComponentSpec, ...]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    timeout: int = 900
    usual_seconds: int = 20
    chart: str = ""
    ships: bool = False
    has_secrets: bool = False
    own_account: bool = False
    chart_form: Callable[[Values], Values] | None = None
    own_name: str = ""
    issuing: bool = False
    upstream: bool = True
    secrets: type[Model] | None = None
    secrets_about: str = ""
    contains: Mapping[Path, Contained] = field(default_factory=dict)
    builders: Mapping[str, Builder] = field(default_factory=dict)
    certificate: HostCertificate | None = None
    files: tuple[FileGroup, ...] = ()
    values: Callable[[Settings, Names], Values] = lambda _config, _names: {}
    paths: Callable[[Settings, Names], tuple[Values, ...]] = lambda _config, _names: ()
    derived: Mapping[Path, Callable[[Any], Any]] = field(default_factory=dict)
    own_values: tuple[str, ...] = ()
    fixed_values: Mapping[Path, str] = field(default_factory=dict)
    forces: Predicate = lambda _config: False
    rules: tuple[Rule, ...] = ()
    imports: Imports = field(default_factory=Imports)
    checks: tuple[Check, ...] = ()
    schema: Schema | None = None
    postgres: PostgresDatabase | None = None
    mariadb: MariaDbDatabase | None = None

    @property
    def attribute(self) -> str:
        """Its field in models; in sections other than ``components``, its key is the camel-case form."""
        return self.name.replace("-", "_")

    @property
    def chart_name(self) -> str:
        """Name of its chart."""
        return self.chart or self.name

    @property
    def runs_jobs(self) -> bool:
        """True if its release is ready only when jobs have succeeded."""
        return any(sub.workload == "Job" for sub in self.sub_components)

    def in_chart_form(self, values: Values) -> Values:
        """The values with those in the chart's own form added, unless they are there already."""
        return merged(self.chart_form(values), values) if self.chart_form else values

    def sub_component(self, name: str) -> SubComponentSpec:
        """The sub-component of that name; KeyError if there is none."""
        for sub in self.sub_components:
            if sub.name == name:
                return sub
        raise KeyError(name)
