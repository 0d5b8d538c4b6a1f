"""The edges of a stack: each connection that a component needs, from the components and the stack file."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

from panda_infra.config.backup import BucketStore
from panda_infra.config.network_policies import NetworkPolicies
from panda_infra.config.stack import Settings, StackConfig
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.monitoring.exporters import exporters
from panda_infra.plan.monitoring.scrapes import Scrape, scrapes
from panda_infra.plan.network.databases import DatabasePods, database_pods
from panda_infra.products.metrics import traces_to
from panda_infra.products.model import ComponentSpec, Endpoint, SubComponentSpec
from panda_infra.products.network import EVERY_PORT, Call, Remote, at_urls
from panda_infra.products.registry import COMPONENTS, product_of_experiment
from panda_infra.products.verification import Request
from panda_infra.tree import Values

__all__ = ["BACKUP", "LOGS", "NODE_RECOVERY", "Edge", "Place", "edges", "exporting", "part", "policies_of"]

Kind = Literal[
    "address",
    "anywhere",
    "api server",
    "beside",
    "host",
    "ingress",
    "namespace",
    "network",
    "outside",
    "pods",
]
_SERVICE = re.compile(r"[^.]+\.(?P<namespace>[^.]+)\.svc(\..+)?")
_OPEN = ("NodePort", "LoadBalancer")
_HTTPS = 443
# Nova may answer here, beside the ports that Keystone's catalog names.
_NOVA = 8774


@dataclass(frozen=True, order=True)
class Place:
    """One end of an edge.

    ``pods`` are those of a sub-component, by ``COMPONENT.SUB-COMPONENT``; ``beside`` are all others of the namespace.
    ``ingress`` is the ingress controller, with the host that it serves. ``outside`` is every address that is not of
    the cluster, ``anywhere`` those of the cluster too.
    """

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        if self.kind in ("address", "host", "network", "pods"):
            return self.name
        if self.kind == "ingress":
            return "ingress controller" + (f" of {self.name}" if self.name else "")
        words = {"beside": "others in the namespace", "namespace": f"namespace {self.name}"}
        return words.get(self.kind, self.kind)


NODE_RECOVERY = Place("pods", "node-recovery")
"""The pods of the stack's own node recovery, which no component has."""
BACKUP = Place("pods", "backup")
"""The pods that dump the stack's databases, likewise."""
LOGS = Place("pods", "logs")
"""The pods that ship logs, likewise."""


@dataclass(frozen=True, order=True)
class Edge:
    """A connection to a TCP port, or ``EVERY_PORT``; ``what`` is there, for people."""

    source: Place
    target: Place
    port: int
    what: str = ""


def policies_of(config: Settings) -> NetworkPolicies | None:
    """The section, if it makes policies."""
    section = config.network_policies
    return None if section is None or section.kind == "none" else section


def edges(config: StackConfig, values: dict[str, Values]) -> tuple[Edge, ...]:
    """Every edge of a stack with policies; ``values`` are those of known releases."""
    section = policies_of(config)
    if section is None:
        return ()
    stack = _Stack(config)
    found = [
        *stack.inside(),
        *stack.abroad(),
        *stack.by_ingress(),
        *stack.opened(values),
        *stack.verified(section),
        *stack.backed_up(),
        *stack.operated(),
        *stack.exporting(),
        *stack.scraped(),
        *stack.shipped(),
        *stack.traced(),
        *_node_recovery(config),
        *_by_hand(section),
    ]
    # Several settings may name one place: the first one describes it.
    once = {(edge.source, edge.target, edge.port): edge for edge in reversed(found)}
    return tuple(sorted(once.values()))


def part(component: str, sub_component: str) -> Place:
    """The pods of a sub-component."""
    return Place("pods", f"{component}.{sub_component}")


def exporting(name: str) -> Place:
    """The pods of an exporter, by the name of its Deployment."""
    return Place("pods", name)


def _showing(scrape: Scrape) -> Place:
    return exporting(scrape.exporter) if scrape.exporter else part(scrape.component, scrape.part)


@dataclass(frozen=True)
class _Stack:
    config: StackConfig

    @cached_property
    def running(self) -> tuple[tuple[ComponentSpec, SubComponentSpec], ...]:
        return tuple(
            (COMPONENTS[name], sub)
            for name, component in self.config.components.deployed().items()
            for sub, _ in enabled_sub_components(COMPONENTS[name], component)
        )

    @cached_property
    def services(self) -> dict[str, tuple[ComponentSpec, SubComponentSpec]]:
        names = self.config.names
        return {names.workload(spec.name, sub.name): (spec, sub) for spec, sub in self.running}

    @cached_property
    def databases(self) -> tuple[DatabasePods, ...]:
        return tuple(database_pods(self.config))

    def called(self, calls: Sequence[Call]) -> Iterator[tuple[Place, int]]:
        """The pods that the stack runs."""
        known = {(spec.name, sub.name) for spec, sub in self.running}
        for call in calls:
            if (call.component, call.sub_component) in known:
                yield part(call.component, call.sub_component), call.port

    def inside(self) -> Iterator[Edge]:
        for spec, sub in self.running:
            for target, port in self.called(sub.calls):
                yield Edge(part(spec.name, sub.name), target, port)

    def abroad(self) -> Iterator[Edge]:
        context = product_of_experiment(self.config.experiment).context(self.config)
        for spec, sub in self.running:
            here = part(spec.name, sub.name)
            for remote in sub.remotes(context):
                yield from self._remote(here, remote)
            if sub.asks_kubernetes(self.config):
                yield from _to_api(here)

    def _remote(self, here: Place, remote: Remote) -> Iterator[Edge]:
        inside = list(self._serving(remote.host, remote.port))
        for target, port in inside:
            yield Edge(here, target, port)
        if not inside:
            yield Edge(here, self._place(remote.host), remote.port, remote.what)

    def _place(self, host: str) -> Place:
        if not host:
            return Place("outside")
        if host in self.config.hosts.exposed().values():
            return Place("ingress", host)
        if match := _SERVICE.fullmatch(host):
            return Place("namespace", match["namespace"])
        if _is_address(host):
            return Place("address", host)
        return Place("host", host) if "." in host else Place("beside")

    def by_ingress(self) -> Iterator[Edge]:
        for name in self.config.components.deployed():
            for endpoint in COMPONENTS[name].endpoints:
                if host := self.config.hosts.of(endpoint.host):
                    for target, port in self._behind(COMPONENTS[name], endpoint):
                        yield Edge(Place("ingress"), target, port, host)

    def _behind(self, spec: ComponentSpec, endpoint: Endpoint) -> Iterator[tuple[Place, int]]:
        """The pods of an exposed endpoint, and those of other Services on paths of its Ingress."""
        kind = self.config.exposure.kind
        by_route = kind == "route" and bool(endpoint.route)
        by_gateway = kind == "gateway" and bool(endpoint.gateway)
        plain = by_gateway or (by_route and endpoint.plain_route)
        yield from self.called((*endpoint.pods, *(endpoint.plain_pods if plain else ())))
        for path in () if by_route or by_gateway else spec.paths(self.config, self.config.names):
            yield from self._serving(path["serviceName"], path["servicePort"])

    def _serving(self, service: str, port: int) -> Iterator[tuple[Place, int]]:
        """The pods of a Service of the stack, on the port behind one of its own; on all of them for another port."""
        yield from (
            (Place("pods", each.part), each.port) for each in self.databases if each.service == service
        )
        if service in self.services:
            spec, sub = self.services[service]
            same = [pod for known, pod in zip(sub.ports, sub.listens, strict=True) if known == port]
            yield from ((part(spec.name, sub.name), each) for each in same or sub.listens)

    def opened(self, values: dict[str, Values]) -> Iterator[Edge]:
        """Services that the chart's values open to the outside: clients' addresses may be lost on their way."""
        for spec, sub in self.running:
            given = values.get(spec.name, {})
            for service in ((given.get(sub.name) or {}).get("service"), given.get("service")):
                if isinstance(service, dict) and service.get("type") in _OPEN:
                    for port in sub.listens:
                        yield Edge(Place("anywhere"), part(spec.name, sub.name), port, str(service["type"]))

    def verified(self, section: NetworkPolicies) -> Iterator[Edge]:
        """`verify` asks Services through the API server; standard policies need its addresses from the stack file."""
        if section.kind == "standard" and not section.api_server:
            return
        for name in self.config.components.deployed():
            for check in COMPONENTS[name].checks:
                if isinstance(check.ask, Request):
                    service = self.config.names.workload(*check.ask.part.split("/"))
                    for target, port in self._serving(service, check.ask.port):
                        yield Edge(Place("api server"), target, port, "verify")

        for each in scrapes(self.config):
            if not each.parameters:
                yield Edge(Place("api server"), _showing(each), each.port, "verify")

    def backed_up(self) -> Iterator[Edge]:
        """Backups read each database of the stack, and write to the bucket."""
        settings = self.config.backup
        if settings is None:
            return
        for spec, sub in self.running:
            if sub.dump and spec.name not in settings.leave_out and sub.dump.names(self.config):
                yield Edge(BACKUP, part(spec.name, sub.name), sub.listens[0])
        if isinstance(settings.to, BucketStore):
            for remote in at_urls("bucket", (settings.to.endpoint,)):
                yield from self._remote(BACKUP, remote)

    def operated(self) -> Iterator[Edge]:
        """An operator asks its databases; they replicate, archive, and report to the API."""
        for each in self.databases:
            here = Place("pods", each.part)
            for port in each.asks:
                yield Edge(Place("namespace", each.operator or ""), here, port, "operator")
            yield from (Edge(here, here, port, "replication") for port in each.among)
            for remote in at_urls("archive", each.archives):
                yield from self._remote(here, remote)
            yield from _to_api(here)

    def exporting(self) -> Iterator[Edge]:
        """Exporters ask the pods or hosts whose metrics they make."""
        context = product_of_experiment(self.config.experiment).context(self.config)
        for planned in exporters(self.config):
            here, exporter = exporting(planned.name), planned.exporter
            asked = (exporter.asks,) if exporter.asks else ()
            for target, port in self.called((*asked, *exporter.calls)):
                yield Edge(here, target, port)
            for remote in exporter.remotes(context):
                yield from self._remote(here, remote)

    def scraped(self) -> Iterator[Edge]:
        """Prometheus reads metrics."""
        prometheus = self.config.monitoring.namespace if self.config.monitoring else ""
        for each in scrapes(self.config):
            yield Edge(Place("namespace", prometheus), _showing(each), each.port, "metrics")

    def shipped(self) -> Iterator[Edge]:
        """Logs are pushed to their store."""
        if self.config.monitoring and (logs := self.config.monitoring.logs):
            for remote in at_urls("logs", (logs.endpoint,)):
                yield from self._remote(LOGS, remote)

    def traced(self) -> Iterator[Edge]:
        """Components that make traces send them."""
        for remote in at_urls("traces", (traces_to(self.config),)):
            for spec, sub in self.running:
                if sub.traces:
                    yield from self._remote(part(spec.name, sub.name), remote)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _to_api(here: Place) -> Iterator[Edge]:
    yield from (Edge(here, Place("api server"), port, "Kubernetes") for port in (_HTTPS, 6443))


def _node_recovery(config: StackConfig) -> Iterator[Edge]:
    settings, here = config.node_recovery, NODE_RECOVERY
    if settings is None or settings.runs != "cluster":
        return
    yield from _to_api(here)
    if settings.auth_url:
        keystone = urlsplit(settings.auth_url)
        default = {"https": _HTTPS, "http": 80}[keystone.scheme]
        yield Edge(here, Place("host", keystone.hostname or ""), keystone.port or default, "Keystone")
        yield from (Edge(here, Place("outside"), port, "Nova") for port in (_HTTPS, _NOVA))


def _by_hand(section: NetworkPolicies) -> Iterator[Edge]:
    """The edges that the stack file adds."""
    for outlet in section.outlets:
        for port in outlet.ports or (EVERY_PORT,):
            yield Edge(Place("pods", outlet.pods), Place("network", outlet.network), port, "outlet")
    for inlet in section.inlets:
        source = (
            Place("network", inlet.network) if inlet.network else Place("namespace", inlet.namespace or "")
        )
        for port in inlet.ports or (EVERY_PORT,):
            yield Edge(source, Place("pods", inlet.pods), port, "inlet")
