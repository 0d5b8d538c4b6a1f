"""The stack file as a whole."""

from typing import Annotated, Literal

from pydantic import Field

from panda_infra.catalog.experiments import EXPERIMENTS
from panda_infra.catalog.names import Names
from panda_infra.config.base import Form, Model
from panda_infra.config.cluster import Cluster
from panda_infra.config.components import Components
from panda_infra.config.delivery import ChartSource, Exposure, Hosts, Lifecycle, OciCharts, Storage
from panda_infra.config.namespace import Namespace, NamespaceSection
from panda_infra.config.placement import Placement
from panda_infra.config.secrets import Secrets
from panda_infra.config.settings import (
    AuthSettings,
    CricSettings,
    CricUrls,
    ObjectStoreSettings,
    ProxySettings,
    RucioSettings,
)

__all__ = ["SITE_NAME", "Experiment", "StackConfig"]

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

Experiment = Literal["atlas-testbed", "ctao", "dev", "doma", "local", "lsst", "lsst-prod", "sphenix"]


class StackConfig(Model):
    """Everything that an operator may ask for, as one stack file says it."""

    experiment: Experiment
    """Whose PanDA this is; feeds every place that must agree."""
    site: Site | None = None
    """Where it runs: `sites/SITE.yaml` holds what the stacks there share, and this file what differs."""
    affix: Affix = ""
    """Part of every release's name: `-dev` goes after it, `test-` before it."""
    namespace_section: Annotated[NamespaceSection, Field(alias="namespace")] = "panda"
    """Namespace of everything in the cluster: made and removed by the stack, or, as a mapping, adopted."""
    cluster: Cluster
    """Where the stack lives."""
    components: Components
    """What is deployed."""
    hosts: Hosts = Hosts()
    """Host names of exposed components."""
    exposure: Exposure = Exposure()
    """How exposed hosts are reached."""
    storage: Storage
    """Where volumes come from."""
    placement: Placement = Placement()
    """On which nodes pods run."""
    charts: ChartSource = OciCharts()
    """Where charts come from."""
    lifecycle: Lifecycle = Lifecycle()
    """Protection of data."""
    auth: AuthSettings = AuthSettings()
    """OIDC clients and issuers."""
    rucio: RucioSettings = RucioSettings()
    """Rucio account and servers."""
    cric: CricSettings = CricSettings()
    """CRIC by URL, or its JSON files."""
    proxy: ProxySettings = ProxySettings()
    """HTTP proxies of the pods."""
    object_store: ObjectStoreSettings | None = None
    """Object store that BigMon reads logs from."""
    secrets: Secrets = Secrets()
    """Encrypted values."""

    @property
    def names(self) -> Names:
        """Names of releases, Services and Secrets."""
        deployed = self.components.deployed()
        return Names(self.affix, {name: each.release for name, each in deployed.items() if each.release})

    @property
    def namespace(self) -> str:
        """Name of the namespace of everything in the cluster."""
        section = self.namespace_section
        return section.name if isinstance(section, Namespace) else section

    @property
    def is_rootless(self) -> bool:
        """Whether no pod may run as root."""
        return self.cluster.kind == "existing" and self.cluster.no_root

    @property
    def adopts_namespace(self) -> bool:
        """Whether the namespace is somebody else's, who lets the stack live in it."""
        return isinstance(self.namespace_section, Namespace) and self.namespace_section.adopt

    @property
    def takes_over(self) -> bool:
        """Whether objects of the stack's names that somebody else made become the stack's."""
        return isinstance(self.namespace_section, Namespace) and self.namespace_section.take_over

    @property
    def cric_urls(self) -> CricUrls | None:
        """Where CRIC is asked; None where JSON files take its place, or no address is known."""
        known = EXPERIMENTS[self.experiment].cric
        asked = known if self.cric.real is None else self.cric.real
        urls = CricUrls() if known else None
        return (self.cric.urls or urls) if asked else None
