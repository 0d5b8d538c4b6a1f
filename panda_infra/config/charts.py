"""Sources of charts."""

from typing import Annotated, Literal

from pydantic import Field

from panda_infra.config.base import Digest, Form, Model, plain

__all__ = ["ChartPin", "ChartSource", "FolderCharts", "GitCharts", "OciCharts", "OciRepository"]

OciRepository = Annotated[
    str,
    Form(
        r"oci://[^\s/]+(/[^\s/]+)*",
        "an OCI repository that starts with oci:// and does not end with a slash",
        "oci://ghcr.io/pandawms/panda-k8s-charts",
    ),
]
Commit = Annotated[str, Form(r"[0-9a-f]{40}", "a full commit hash of 40 hexadecimal digits", 8 * "0123a")]
GitBranch = Form(
    r"(?![-/])(?!.*(//|\.\.|@\{|\.lock$|[/.]$))[A-Za-z0-9._/@+-]+",
    "the name of a branch",
    "my-feature",
    longest=200,
)
GitAddress = Annotated[
    str,
    Form(
        # A log-in of HTTP, or a password of any other protocol.
        r"(?!https?://[^/]*@|\w+://[^/@]*:[^/@]*@)\S(.*\S)?",
        "an address without credentials, for which git asks its own helper",
        "https://github.com/PanDAWMS/panda-k8s.git",
    ),
]
FolderInside = Annotated[
    str,
    Form(r"(?!/)(?!(.*/)?\.\.(/|$))\S(.*\S)?", "a folder inside of the repository, without ..", "helm"),
]
ChartVersion = Annotated[
    str, Form(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?", "a full chart version of three numbers", "0.1.1")
]


class OciCharts(Model):
    """Charts in an OCI registry."""

    kind: Literal["oci"] = "oci"
    """An OCI registry."""
    repository: OciRepository = "oci://ghcr.io/pandawms/panda-k8s-charts"
    """Repository that contains each chart under its name."""


class FolderCharts(Model):
    """Charts in a local folder: a developer's checkout."""

    kind: Literal["folder"]
    """A local folder."""
    path: Annotated[str, plain("../panda-k8s/helm")]
    """Folder with one sub-folder per chart."""


class GitCharts(Model):
    """Charts in a git repository: a fork under test."""

    kind: Literal["git"]
    """A git repository."""
    url: GitAddress
    """Address that `git clone` understands."""
    revision: Commit
    """Full commit hash: branches and tags move."""
    branch: Annotated[str, GitBranch] | None = None
    """Branch that a developer's stack follows: each `dev up` writes its newest commit into `revision`."""
    path: FolderInside = "helm"
    """Folder with one sub-folder per chart."""


ChartSource = Annotated[OciCharts | FolderCharts | GitCharts, Field(discriminator="kind")]


class ChartPin(Model):
    """A pinned build of one chart."""

    version: ChartVersion
    """Version in the chart's Chart.yaml."""
    digest: Digest | None = None
    """Digest of the manifest in the registry; upstream overwrites versions, and only a digest detects that."""
