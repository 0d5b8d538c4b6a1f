"""The stack file as a whole."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field

from panda_infra.config.argo_delivery import ArgoDelivery, DeliverySection
from panda_infra.config.argocd import ArgoCd
from panda_infra.config.backup import Backup
from panda_infra.config.base import Form, Model, with_fields
from panda_infra.config.certificates import CertificateSource, GivenCertificates
from panda_infra.config.charts import ChartSource, OciCharts
from panda_infra.config.cluster import Cluster
from panda_infra.config.components import Components
from panda_infra.config.delivery import Exposure, Hosts, Lifecycle, Placement, Storage
from panda_infra.config.developer import Developer, Developers
from panda_infra.config.mariadb import MariaDb
from panda_infra.config.monitoring import Monitoring
from panda_infra.config.namespace import Namespace, NamespaceSection
from panda_infra.config.network_policies import NetworkPolicies
from panda_infra.config.node_recovery import NodeRecovery
from panda_infra.config.postgres import Postgres
from panda_infra.config.provenance import Provenance
from panda_infra.config.registry import Registry
from panda_infra.config.secrets import Secrets
from panda_infra.config.standby import Standby
from panda_infra.products.names import Names
from panda_infra.products.product import Section
from panda_infra.products.registry import EXPERIMENTS, PRODUCTS, product_of_experiment

__all__ = ["SITE_NAME", "Experiment", "Settings", "StackConfig"]

Kind = TypeVar("Kind", bound=Model)
_WORD = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
Affix = Annotated[
    str,
    Form(
        rf"|-{_WORD}|{_WORD}-",
        "empty, or lower-case letters, digits and dashes with a dash at exactly one end: -dev after names "
        "or test- before them",
        "-dev",
        longest=30,
    ),
]

SITE_NAME = _WORD
Site = Annotated[str, Form(SITE_NAME, "lower-case letters, digits and dashes", "cern", longest=63)]

if TYPE_CHECKING:
    Experiment = str
else:
    Experiment = Literal[tuple(EXPERIMENTS)]


def _field(section: Section) -> tuple[Any, Any]:
    if section.optional:
        return section.settings | None, Field(default=None, description=section.about)
    return section.settings, Field(default=section.settings(), description=section.about)


@with_fields({section.name: _field(section) for product in PRODUCTS.values() for section in product.sections})
class Settings(Model):
    """All settings of a stack file except its secrets."""

    # Only ``StackConfig`` is ever validated.
    model_config = ConfigDict(defer_build=True)

    experiment: Experiment
    """Experiment that the stack serves; it selects the product, and all values that must agree with it."""
    site: Site | None = None
    """Site: `sites/SITE.yaml` has the settings that its stacks share, and this file what differs."""
    affix: Affix = ""
    """Part of every release's name: `-dev` goes after it, `test-` before it."""
    namespace_section: Annotated[NamespaceSection, Field(alias="namespace")] = "panda"
    """Namespace of everything in the cluster: made and removed by the stack, or, as a mapping, adopted."""
    cluster: Cluster
    """The Kubernetes cluster."""
    components: Components
    """The components that are deployed."""
    hosts: Hosts = Hosts()
    """Host names of exposed components."""
    exposure: Exposure = Exposure()
    """Way from outside to the exposed hosts."""
    storage: Storage
    """Volumes of claims."""
    placement: Placement = Placement()
    """On which nodes pods run."""
    node_recovery: NodeRecovery | None = None
    """Recovery from nodes that die; once per cluster."""
    backup: Backup | None = None
    """Backups of the databases inside the stack."""
    postgres: Postgres | None = None
    """PostgreSQL that an operator in the cluster makes."""
    mariadb: MariaDb | None = None
    """MariaDB that an operator in the cluster makes."""
    standby: Standby | None = None
    """The pair with a stack in another data centre, to which services and databases can fail over."""
    network_policies: NetworkPolicies | None = None
    """Connections that pods may make; all of them without this section, or with `kind: none`."""
    monitoring: Monitoring | None = None
    """Metrics, alerts and dashboards for a Prometheus that the cluster has, and where logs go."""
    certificates: CertificateSource = GivenCertificates()
    """Source of the certificates of hosts and robots."""
    charts: ChartSource = OciCharts()
    """Source of the charts."""
    registry: Registry | None = None
    """Registry through which every image is pulled; default: each comes from where it is published."""
    provenance: Provenance | None = None
    """Signed records of deployments."""
    delivery_section: Annotated[DeliverySection, Field(alias="delivery")] = "helm"
    """What brings charts into the cluster: `helm`, by this program, or `argocd`; a mapping to follow a branch."""
    lifecycle: Lifecycle = Lifecycle()
    """Protection of data."""
    argocd: ArgoCd | None = None
    """Argo CD, as a part of the stack or as one that the cluster has."""
    developers: Developers | None = None
    """Lends the cluster to developers' namespaces, which `dev up` makes."""
    developer: Developer | None = None
    """The owner of a developer's namespace; `dev up` writes it."""

    def of(self, kind: type[Kind]) -> Kind:
        """The section of that type."""
        found = self.maybe(kind)
        assert found is not None  # noqa: S101 - use `maybe` for optional sections
        return found

    def maybe(self, kind: type[Kind]) -> Kind | None:
        """The section of that type; None if it is optional and left out."""
        fields = type(self).model_fields
        return next((each for name in fields if isinstance(each := getattr(self, name), kind)), None)

    @property
    def names(self) -> Names:
        """Names of releases, Services and Secrets."""
        deployed = self.components.deployed()
        releases = {name: each.release for name, each in deployed.items() if each.release}
        return Names(self.affix, releases, product_of_experiment(self.experiment).secret_prefix)

    @property
    def namespace(self) -> str:
        """Name of the namespace of everything in the cluster."""
        section = self.namespace_section
        return section.name if isinstance(section, Namespace) else section

    def pulled(self, image: str) -> str:
        """An image, with its tag or without, as nodes pull it."""
        return self.registry.through(image) if self.registry else image

    @property
    def pull_secret(self) -> str:
        """Name of the Secret with the log-in at the registry of images."""
        return self.names.secret("registry")

    @property
    def pull(self) -> dict[str, Any]:
        """The values with the Secret by which pods pull their images; none unless the registry asks for a log-in."""
        named = [{"name": self.pull_secret}] if self.registry and self.registry.login else []
        return {"imagePullSecrets": named} if named else {}

    @property
    def is_rootless(self) -> bool:
        """True if no pod may run as root."""
        return self.cluster.kind == "existing" and self.cluster.no_root

    @property
    def adopts_namespace(self) -> bool:
        """True if the stack uses a namespace that belongs to somebody else."""
        return isinstance(self.namespace_section, Namespace) and self.namespace_section.adopt

    @property
    def takes_over(self) -> bool:
        """True if the stack takes over objects with its names that somebody else made."""
        return isinstance(self.namespace_section, Namespace) and self.namespace_section.take_over

    @property
    def followed(self) -> str | None:
        """The branch of charts that Argo CD follows; None if charts are pinned."""
        section = self.delivery_section
        return section.follow if isinstance(section, ArgoDelivery) else None

    def by_argo(self, component: str) -> bool:
        """True if Argo CD delivers a component."""
        section = self.delivery_section
        if isinstance(section, ArgoDelivery):
            return component not in section.by_helm
        return section == "argocd"


class StackConfig(Settings):
    """The configuration of a stack, as its stack file defines it."""

    model_config = ConfigDict(defer_build=False)

    secrets: Secrets = Secrets()
    """Encrypted values."""

    @property
    def settings(self) -> Settings:
        """The configuration without its secrets."""
        values = {name: getattr(self, name) for name in Settings.model_fields}
        return Settings.model_construct(self.model_fields_set - {"secrets"}, **values)
