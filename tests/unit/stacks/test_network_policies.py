"""Who may connect to whom in a stack with network policies: those of the plan, over the pods that the charts make.

What is wanted is in tests/contract/calls.yaml, and not taken from the components; the ways in are those of the charts'
own Ingresses and Routes.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from panda_infra.config.network_policies import NetworkPolicies
from panda_infra.config.stack import StackConfig
from panda_infra.plan.network.policies import policies
from panda_infra.products.registry import COMPONENTS
from panda_infra.secrets.generate import stand_ins
from tests.support import consumers, ctao, fast_yaml, stacks
from tests.support.network_policies import Cluster, End
from tests.support.stack_files import SAMPLES, config_of
from tests.unit.stacks.rendered import Object, Rendered, rendered_stack
from tools import REPOSITORY

_KINDS = ("Deployment", "StatefulSet", "Job")
_CONTRACT = REPOSITORY / "tests" / "contract" / "calls.yaml"
_PARTS: Mapping[str, tuple[int, ...]] = {
    f"{spec.name}.{sub.name}": sub.ports for spec in COMPONENTS.values() for sub in spec.sub_components
}
_DAEMONS = tuple(sub.name for sub in COMPONENTS["rucio-daemons"].sub_components)


def _called() -> dict[str, set[str]]:
    """To whom each connects, if the stack has it."""
    found: dict[str, set[str]] = {part: set() for part in _PARTS}
    known = [f"{part}:{port}" for part, ports in _PARTS.items() for port in ports]
    for callers, targets in fast_yaml.load(_CONTRACT.read_text()).items():
        for caller in fnmatch.filter(_PARTS, callers):
            for target in targets:
                exact = "*" not in target
                found[caller] |= {target} if exact else _others(fnmatch.filter(known, target), caller)
    return found


def _others(places: Iterable[str], caller: str) -> set[str]:
    return {place for place in places if place.partition(":")[0] != caller}


_CALLS = _called()
# What is called by its host as the stack exposes it, and by its Service where it does not.
_BY_HOST = {
    "iam": (
        "iam.main:8443",
        ("panda.server", "panda.jedi", "harvester.harvester", "idds.rest", "bigmon.main", "ui.backend"),
    ),
    "bigmon": ("bigmon.main:8443", ("idds.rest",)),
}
# Ports that pods have beside those of their Services, and one that none has.
_OTHER_PORTS = {22, 53, 443, 5432, 8443}


def every_daemon() -> StackConfig:
    on = {name: {"enabled": True} for name in _DAEMONS}
    keys = {name: "".join(w if i == 0 else w.title() for i, w in enumerate(name.split("-"))) for name in on}
    settings = {keys[name]: each for name, each in on.items()} | {"settings": {"transferTool": "mock"}}
    return ctao.stack(components=ctao.EVERYTHING | {"rucio-daemons": settings})


def everything() -> StackConfig:
    """Every component, and both databases of IAM one after the other."""
    return stacks.stack(hosts={"mcp": "mcp.localhost", "harvester": "harvester.localhost"})


_ROUTES: dict[str, Any] = {
    "exposure": {"kind": "route"},
    "hosts": {"panda": "p.site.org", "bigmon": "b.site.org"},
}
_GATEWAY: dict[str, Any] = {"exposure": {"kind": "gateway"}, "hosts": {"panda": "p.site.org"}}
_UPSTREAM = [name for name in stacks.EVERYTHING if name != "mcp"]
# It has each pair of its many pods judged, for half a minute.
_LARGEST = "ctao, every daemon"
_MAKERS: Mapping[str, Callable[[], StackConfig]] = {
    **{name: partial(consumers.complete, name) for name in consumers.STACKS},
    **{f"sample {name}": partial(config_of, name) for name in SAMPLES.stacks},
    "everything": everything,
    "routes": lambda: stacks.stack(components={name: {} for name in _UPSTREAM}, **_ROUTES),
    "gateway": lambda: stacks.stack(components={name: {} for name in _UPSTREAM}, **_GATEWAY),
    "ctao": lambda: ctao.stack(components=ctao.EVERYTHING),
    _LARGEST: every_daemon,
}


@dataclass(frozen=True)
class Pod:
    """A pod of the stack: whose it is, as the policies see it, and the ports of its containers."""

    name: str
    end: End
    ports: Mapping[str, int]


@cache
def made(helm: Path, charts: Path, name: str) -> Rendered:
    config = _MAKERS[name]()
    config = config.model_copy(update={"network_policies": NetworkPolicies(kind="standard")})
    return rendered_stack(helm, charts, "demo", config.model_copy(update={"secrets": stand_ins(config)}))


@pytest.fixture(
    params=[*(name for name in _MAKERS if name != _LARGEST), pytest.param(_LARGEST, marks=pytest.mark.long)]
)
def stack(request: pytest.FixtureRequest, helm: Path, charts: Path) -> Rendered:
    if request.param == "everything" and not (charts / "mcp").is_dir():
        pytest.skip("upstream has no chart of the MCP server")
    if request.param.startswith("ctao") and not (charts / "rucio-server").is_dir():
        pytest.skip("these are no charts of Rucio")
    return made(helm, charts, request.param)


@pytest.fixture
def cluster(stack: Rendered) -> Cluster:
    return Cluster(
        in_cluster(stack), {"openshift-ingress": {"policy-group.network.openshift.io/ingress": ""}}
    )


def in_cluster(stack: Rendered) -> list[Object]:
    """The policies as objects."""
    namespace = stack.plan.config.namespace
    return [
        {"metadata": {"name": each.name, "namespace": namespace}, "spec": each.spec}
        for each in policies(stack.plan)
    ]


def pods(stack: Rendered) -> list[Pod]:
    """One of each workload, by names of its own that no component has."""
    return [
        Pod(_name(stack, component, body), _end(stack, index, body), _ports(body))
        for index, (component, body) in enumerate(_workloads(stack))
    ]


def _workloads(stack: Rendered) -> Iterator[tuple[str, Object]]:
    for component, objects in stack.releases.items():
        for body in objects:
            if body["kind"] in _KINDS:
                yield component, body


def _name(stack: Rendered, component: str, body: Object) -> str:
    """Of several sub-components, the one whose name the workload's ends with; else the release has only one."""
    known = [sub.name for sub in COMPONENTS[component].sub_components]
    workload = body["metadata"]["name"]
    found = [sub for sub in known if workload == stack.plan.names.workload(component, sub)]
    return f"{component}.{found[0] if found else known[0]}"


def _end(stack: Rendered, index: int, body: Object) -> End:
    labels = body["spec"]["template"]["metadata"]["labels"]
    return End(stack.plan.config.namespace, f"10.42.{index // 250}.{index % 250 + 1}", labels)


def _ports(body: Object) -> dict[str, int]:
    containers = body["spec"]["template"]["spec"]["containers"]
    return {
        port["name"] if "name" in port else str(port["containerPort"]): port["containerPort"]
        for container in containers
        for port in container.get("ports") or ()
    }


def wanted(stack: Rendered) -> set[tuple[str, str, int]]:
    """Every connection between pods that should be: from, to, port."""
    running = {pod.name for pod in pods(stack)}
    found = {(source, target) for source in running for target in _CALLS.get(source, ())}
    config = stack.plan.config
    for host, (target, callers) in _BY_HOST.items():
        if config.hosts.of(host) is None and (host != "iam" or config.model_dump()["auth"]["issuer"] is None):
            found |= {(caller, target) for caller in callers if caller in running}
    split = ((source, *target.split(":")) for source, target in found)
    return {(source, target, int(port)) for source, target, port in split if target in running}


def test_every_edge_is_allowed_and_every_other_pair_refused(stack: Rendered, cluster: Cluster) -> None:
    there = pods(stack)
    assert len({pod.name for pod in there}) == len(there)
    ports = _OTHER_PORTS.union(*(pod.ports.values() for pod in there))
    allowed = {
        (source.name, target.name, port)
        for source in there
        for target in there
        for port in ports
        if cluster.allows(source.end, target.end, port)
    }
    edges = wanted(stack)
    assert allowed == edges
    assert edges
    by_name = {pod.name: pod for pod in there}
    assert [edge for edge in edges if edge[2] not in by_name[edge[1]].ports.values()] == []


def test_the_ingress_controller_reaches_what_the_charts_expose_and_nobody_else_anything(
    stack: Rendered, cluster: Cluster
) -> None:
    there = pods(stack)
    ports = _OTHER_PORTS.union(*(pod.ports.values() for pod in there))
    route = stack.plan.config.exposure.kind == "route"
    controller = End("openshift-ingress" if route else "ingress-nginx", "10.42.9.1", {"app": "router"})
    strangers = (
        End("default", "10.42.9.2", {}),
        End(stack.plan.config.namespace, "10.42.9.3", {"app": "of-somebody"}),
        End("", "188.184.1.1"),
        End("", "10.1.1.1"),
    )
    found = {(pod.name, port) for pod in there for port in ports if cluster.allows(controller, pod.end, port)}
    assert found == set(exposed(stack))
    for stranger in strangers:
        assert [p.name for p in there for port in ports if cluster.allows(stranger, p.end, port)] == []


def exposed(stack: Rendered) -> Iterator[tuple[str, int]]:
    """The pods and ports to which the charts' Ingresses, Routes and Gateways lead."""
    services = {service["metadata"]["name"]: service["spec"] for service in stack.of_kind("Service")}
    for ingress in stack.of_kind("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                yield from _behind(stack, services[backend["name"]], backend["port"]["number"])
    for route in stack.of_kind("Route"):
        yield from _behind(stack, services[route["spec"]["to"]["name"]], route["spec"]["port"]["targetPort"])
    for route in stack.of_kind("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            for backend in rule["backendRefs"]:
                yield from _behind(stack, services[backend["name"]], backend["port"])


def _behind(stack: Rendered, service: Object, port: int | str) -> Iterator[tuple[str, int]]:
    (name,) = {each["targetPort"] for each in service["ports"] if port in (each["port"], each["targetPort"])}
    for pod in pods(stack):
        if service["selector"].items() <= pod.end.labels.items():
            yield pod.name, pod.ports.get(str(name), name) if not isinstance(name, int) else name


def test_pods_ask_the_name_server_and_nobody_else_in_its_namespace(stack: Rendered, cluster: Cluster) -> None:
    server = End("kube-system", "10.42.9.4", {"k8s-app": "kube-dns"})
    for pod in pods(stack):
        for protocol in ("UDP", "TCP"):
            assert cluster.allows(pod.end, server, 53, protocol), pod.name
        assert not cluster.allows(pod.end, server, 9153), pod.name


def test_databases_and_the_broker_connect_to_nobody_outside(stack: Rendered, cluster: Cluster) -> None:
    outside = End("", "188.184.1.1")
    for pod in pods(stack):
        if pod.name.endswith((".postgres", ".mariadb", ".activemq", ".frontend")):
            ports = (1, 25, 80, 443, 1094, 1521, 3128, 5432, 6443, 8446, 61613, 65535)
            assert not any(cluster.allows(pod.end, outside, port) for port in ports), pod.name


def test_nothing_outside_has_an_address_of_the_cluster(stack: Rendered, cluster: Cluster) -> None:
    """But for the API server, whose address nobody knows before."""
    inner = End("", "10.1.1.1")
    for pod in pods(stack):
        ports = [port for port in (80, 443, 3128, 5432, 6443, 10121) if cluster.allows(pod.end, inner, port)]
        asks = pod.name == "harvester.harvester"
        assert ports == ([443, 6443] if asks else []), pod.name


def test_without_the_word_there_is_no_policy(stack: Rendered) -> None:
    config = stack.plan.config
    assert config.network_policies is not None
    off = config.network_policies.model_copy(update={"kind": "none"})
    for section in (None, off):
        plan = stack.plan
        without = type(plan)(
            **{**vars(plan), "config": config.model_copy(update={"network_policies": section})}
        )
        assert policies(without) == ()
