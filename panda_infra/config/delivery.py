"""Models of exposure, hosts, storage, placement and the stack's lifecycle."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError
from typing_extensions import override

from panda_infra.config.base import DnsName, Form, HostName, LabelName, Model, plain, with_fields
from panda_infra.config.quantities import Size
from panda_infra.products.registry import COMPONENTS

__all__ = [
    "Exposure",
    "Hosts",
    "Lifecycle",
    "Placement",
    "SharedLogs",
    "Storage",
]


if TYPE_CHECKING:
    ComponentName = str
else:
    ComponentName = Literal[tuple(sorted(COMPONENTS))]


@dataclass(frozen=True)
class _Day(Form):
    """A calendar day; the engine turns one without quotes into a point in time."""

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


class Exposure(Model):
    """The way from clients outside the cluster to the exposed hosts."""

    kind: Literal["nginx", "ingress", "route", "gateway"] = "nginx"
    """nginx: ingress-nginx with upstream's snippets; ingress: TLS at any ingress controller; route: OpenShift
    Routes; gateway: the Gateway API."""
    class_name: DnsName = "nginx"
    """Ingress class, or Gateway class."""
    passthrough: bool = False
    """Pass TLS through to the PanDA server, for clients with grid proxies (nginx and route)."""
    annotations: dict[LabelName, str] = {}
    """More annotations for every Ingress."""
    client_ca: str | None = None
    """PEM certificates that sign the clients' certificates (gateway)."""


_ENDPOINTS = (endpoint for spec in COMPONENTS.values() for endpoint in spec.endpoints)


@with_fields(
    {
        endpoint.host: (HostName | None, Field(default=None, description=endpoint.about))
        for endpoint in sorted(_ENDPOINTS, key=lambda endpoint: endpoint.position)
    }
)
class Hosts(Model):
    """Host names under which components are exposed; a component without one is not."""

    def exposed(self) -> dict[str, str]:
        """Each named host by its key in the stack file, e.g. ``pandaBig``."""
        return {key: str(host) for key, host in self.model_dump(by_alias=True, exclude_none=True).items()}

    def of(self, field: str) -> str | None:
        """The host of an endpoint."""
        host: str | None = getattr(self, field)
        return host


class SharedLogs(Model):
    """One claim that every component mounts for its logs."""

    class_name: Annotated[DnsName | None, Field(alias="class")] = None
    """Storage class (ReadWriteMany); default: the stack's."""
    size: Size = "200Gi"
    """Size of the claim."""
    share_id: Annotated[str, plain("f4a7b0c1-share")] | None = None
    """Manila share to mount instead of a dynamic volume."""
    share_access_id: Annotated[str, plain("0b9e2d5a-access")] | None = None
    """Access rule of that share."""


class Storage(Model):
    """The volumes of claims."""

    class_name: Annotated[DnsName, Field(alias="class")]
    """Storage class of every claim that names no other."""
    shared_logs: SharedLogs | None = None
    """One shared claim for logs instead of one claim per component."""


class Lifecycle(Model):
    """Protection and end of the stack as a whole."""

    protect: bool = True
    """Refuse to destroy the stack, its cluster and its data."""
    expires: Day | None = None
    """Last day of a test stack, e.g. `2026-12-01`; `expired --remove` destroys it afterwards."""
    delete_data_of: tuple[ComponentName, ...] = ()
    """Components of a protected stack that may be removed or switched off together with their data."""


class Placement(Model):
    """The nodes that pods run on; a sub-component's own settings win."""

    evict_after: Annotated[int, Field(ge=0)] | None = None
    """Seconds until pods leave a node that is not ready or unreachable; default: Kubernetes' 300, to which databases
    keep that might write twice to their volume."""
    spread: bool = False
    """Keep PanDA's heavy services on different nodes as long as there are enough."""
