"""Settings of any component in a stack file, and of its sub-components.

A component is deployed if the stack file names it. Sub-components have the defaults of their charts and can be
switched off one by one. Every field is a key that the chart really reads; there are no fields that a sub-chart
ignores.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from panda_infra.config.adopted import Adopted, ReleaseName
from panda_infra.config.base import Digest, DnsName, Form, LabelName, LabelValue, Model
from panda_infra.config.charts import ChartPin
from panda_infra.config.quantities import Quantity, Size

__all__ = [
    "Component",
    "CvmfsRepository",
    "Daemon",
    "Follow",
    "Image",
    "Replicated",
    "Resources",
    "SubComponent",
    "Toleration",
    "Volume",
]

ChartValues = dict[str, Any]
# Names that container runtimes accept.
_REPOSITORY = Form(
    r"[A-Za-z0-9][\w./:-]*[A-Za-z0-9]",
    "an image's registry and name without its tag",
    "ghcr.io/pandawms/panda-server",
    longest=255,
)
_TAG = Form(r"\w[\w.-]*", "an image's tag in quotes", "1.0.2", longest=128)
_VERSIONS = Form(
    r"[~^<>=\dxX*][\w.*<>=~^, -]*",
    "a constraint of versions in quotes, as of npm or Helm",
    "~6.0",
    longest=128,
)
_PATTERN = Form(r"\^\S+\$", "a regular expression between ^ and $", r"^dev-\d+$", longest=256)
_SUB_PATH = Form(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", "a relative path without ..", "harvester-logs")
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_CVMFS = Form(rf"{_LABEL}(\.{_LABEL})+", "the full name of a CVMFS repository", "atlas.cern.ch", longest=253)
# The volume of the pod is called `cvmfs-NAME`, which must be a DNS label.
_CVMFS_NAME = Form(
    r"[a-z0-9]([-a-z0-9]{0,55}[a-z0-9])?",
    "a DNS label of at most 57 lower-case letters, digits and dashes, no dash at an end",
    "atlas-condb",
    longest=57,
)


class Follow(Model):
    """Tags of an image that Argo CD's Image Updater deploys by itself; one of these keys."""

    tag: Annotated[str, _TAG] | None = None
    """A tag that moves, e.g. `main`: what is pushed under it is deployed; `latest` is refused outside test stacks."""
    versions: Annotated[str, _VERSIONS] | None = None
    """Versions such as `~6.0` or `1.x`: the newest of them is deployed."""
    newest: Annotated[str, _PATTERN] | None = None
    """Regular expression: of the tags that match it, the one that was built last is deployed."""


class Image(Model):
    """A container image instead of the chart's."""

    repository: Annotated[str, _REPOSITORY] | None = None
    """Registry and name."""
    tag: Annotated[str, _TAG] | None = None
    """Tag; `latest` is refused outside test stacks."""
    digest: Digest | None = None
    """Digest that the tag had when it was reviewed: no other content is run under that tag."""
    follow: Follow | None = None
    """Tags that are deployed without a change of this stack, if Argo CD delivers the component."""


class Resources(Model):
    """Requests and limits of a container."""

    requests: dict[str, Quantity] = {}
    """Amounts that the scheduler reserves, e.g. {cpu: '2', memory: 4Gi}."""
    limits: dict[str, Quantity] = {}
    """Amounts that the container may use at most."""


class Toleration(Model):
    """A Kubernetes toleration."""

    key: str | None = None
    """Taint key."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """Equal or Exists."""
    value: str | None = None
    """Taint value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """NoSchedule, PreferNoSchedule or NoExecute."""
    toleration_seconds: int | None = None
    """Seconds to stay on a node with this NoExecute taint."""


class Volume(Model):
    """A claim of a sub-component."""

    class_name: Annotated[DnsName | None, Field(alias="class")] = None
    """Storage class; default: the stack's."""
    size: Size | None = None
    """Size; default: the chart's."""
    claim: DnsName | None = None
    """An existing claim to mount instead of a new one."""
    sub_path: Annotated[str, _SUB_PATH] | None = None
    """Folder inside that claim."""


class CvmfsRepository(Model):
    """A CVMFS repository to mount under /cvmfs."""

    name: Annotated[str, _CVMFS_NAME]
    """Name of the volume."""
    repository: Annotated[str, _CVMFS]
    """Repository, e.g. atlas.cern.ch."""


class SubComponent(Model):
    """Settings that every sub-component has."""

    enabled: bool = True
    """Whether the sub-component is deployed."""
    image: Image = Image()
    """Image instead of the chart's."""
    image_tags: Literal["program", "updater"] = "program"
    """Who sets the image's tag: this program, or an updater in the cluster, which starts from it in a new workload."""
    resources: Resources = Resources()
    """Requests and limits; default: the chart's."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints to tolerate."""
    affinity: dict[str, Any] = {}
    """Kubernetes affinity."""
    node_selector: dict[LabelName, LabelValue] = {}
    """Node labels to require."""
    volumes: dict[str, Volume] = {}
    """Claims by the names that the sub-component gives them, e.g. {data: {size: 50Gi}}."""
    annotations: dict[LabelName, str] = {}
    """Annotations of the pods."""


class Replicated(SubComponent):
    """A sub-component that may have several pods."""

    replicas: Annotated[int, Field(ge=1)] = 1
    """Number of pods."""
    replica_counts: Literal["program", "autoscaler"] = "program"
    """Who sets the number of pods: this program, or an autoscaler (HorizontalPodAutoscaler, KEDA), which starts from it
    in a new workload."""


class Daemon(Replicated):
    """A sub-component that can mount CVMFS."""

    cvmfs: tuple[CvmfsRepository, ...] = ()
    """CVMFS repositories to mount."""


class Component(Model):
    """Settings that every component has."""

    chart: ChartPin | None = None
    """Version and digest of the chart; default: the program's."""
    timeout: Annotated[int, Field(ge=10)] | None = None
    """Seconds to wait until every pod is ready; default: the program's."""
    atomic: bool = False
    """Roll an upgrade that fails back at once, and remove a first installation that fails."""
    values: ChartValues = {}
    """Chart values as a last resort; they override all derived values."""
    release: ReleaseName | None = None
    """Name of the Helm release, for a running one whose name does not follow from the affix."""
    adopted: Adopted | None = None
    """State of a taken-over release that is kept as it was found."""
