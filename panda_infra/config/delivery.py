"""Where charts come from and how components are exposed."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError
from typing_extensions import override

from panda_infra.config.base import Digest, DnsName, Form, HostName, Model, Quantity, plain

__all__ = [
    "ChartPin",
    "ChartSource",
    "Exposure",
    "FolderCharts",
    "GitCharts",
    "Hosts",
    "Lifecycle",
    "OciCharts",
    "SharedLogs",
    "Storage",
]


ComponentName = Literal["bigmon", "harvester", "iam", "iam-db", "idds", "msgsvc", "panda", "ui"]


@dataclass(frozen=True)
class _Day(Form):
    """A day of the calendar; the engine makes a moment of one that is written without quotes."""

    @override
    def check(self, value: str) -> str:
        day = super().check(value)[: len("2026-12-01")]
        try:
            date.fromisoformat(day)
        except ValueError:
            raise PydanticCustomError("form", "must be {expected}", {"expected": self.expected}) from None
        return day


Day = Annotated[
    str, _Day(r"\d{4}-\d{2}-\d{2}( 00:00:00 \+0000 UTC)?", "a date as year, month and day", "2026-12-01")
]
OciRepository = Annotated[
    str,
    Form(
        r"oci://[^\s/]+(/[^\s/]+)*",
        "an OCI repository that starts with oci:// and does not end with a slash",
        "oci://ghcr.io/pandawms/panda-k8s-charts",
    ),
]
Commit = Annotated[str, Form(r"[0-9a-f]{40}", "a full commit hash of 40 hexadecimal digits", 8 * "0123a")]
ChartVersion = Annotated[
    str, Form(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?", "a full chart version of three numbers", "0.1.1")
]


class OciCharts(Model):
    """Charts in an OCI registry."""

    kind: Literal["oci"] = "oci"
    """An OCI registry."""
    repository: OciRepository = "oci://ghcr.io/pandawms/panda-k8s-charts"
    """Repository under which each chart lies by its name."""


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
    url: Annotated[str, plain("https://github.com/PanDAWMS/panda-k8s.git")]
    """Address that `git clone` understands."""
    revision: Commit
    """Full commit hash: branches and tags move."""
    path: Annotated[str, plain("helm")] = "helm"
    """Folder with one sub-folder per chart."""


ChartSource = Annotated[OciCharts | FolderCharts | GitCharts, Field(discriminator="kind")]


class ChartPin(Model):
    """Which build of one chart."""

    version: ChartVersion
    """Version in the chart's Chart.yaml."""
    digest: Digest | None = None
    """Digest of the manifest in the registry; upstream overwrites versions, which only a digest notices."""


class Exposure(Model):
    """How clients outside the cluster reach the exposed hosts."""

    kind: Literal["nginx", "ingress", "route", "gateway"] = "nginx"
    """nginx: ingress-nginx with upstream's snippets; ingress: TLS at any ingress controller; route: OpenShift
    Routes; gateway: the Gateway API."""
    class_name: DnsName = "nginx"
    """Ingress class, or Gateway class."""
    passthrough: bool = False
    """Hand TLS through to the PanDA server, for clients with grid proxies (nginx and route)."""
    annotations: dict[str, str] = {}
    """More annotations for every Ingress."""
    client_ca: str | None = None
    """PEM certificates that sign the clients' certificates (gateway)."""


class Hosts(Model):
    """Host names under which components are exposed; a component without one is not."""

    panda: HostName | None = None
    """PanDA server."""
    panda_big: HostName | None = None
    """PanDA server for large uploads."""
    bigmon: HostName | None = None
    """BigMon."""
    idds: HostName | None = None
    """iDDS REST."""
    iam: HostName | None = None
    """INDIGO IAM."""
    ui: HostName | None = None
    """PanDA UI."""
    harvester: HostName | None = None
    """Harvester's condor logs, when not served through BigMon's host."""


class SharedLogs(Model):
    """One claim that every component mounts for its logs."""

    class_name: Annotated[DnsName | None, Field(alias="class")] = None
    """Storage class (ReadWriteMany); default: the stack's."""
    size: Quantity = "200Gi"
    """Size of the claim."""
    share_id: Annotated[str, plain("f4a7b0c1-share")] | None = None
    """Manila share to mount instead of a dynamic volume."""
    share_access_id: Annotated[str, plain("0b9e2d5a-access")] | None = None
    """Access rule of that share."""


class Storage(Model):
    """Where claims get their volumes."""

    class_name: Annotated[DnsName, Field(alias="class")]
    """Storage class of every claim that names no other."""
    shared_logs: SharedLogs | None = None
    """One shared claim for logs instead of one claim per component."""


class Lifecycle(Model):
    """What may happen to the stack as a whole."""

    protect: bool = True
    """Refuse to destroy the stack, its cluster and its data."""
    expires: Day | None = None
    """Last day of a test stack, e.g. `2026-12-01`; `expired --remove` destroys it afterwards."""
    delete_data_of: tuple[ComponentName, ...] = ()
    """Components of a protected stack that may be removed or switched off together with their data."""
