"""Each address that a pod gets in its Secrets is one that the network policies let it connect to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

from panda_infra.config.network_policies import NetworkPolicies
from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import INGRESS, readers
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.network.edges import Edge, Place, part
from panda_infra.products.content import TLS, SecretContent
from panda_infra.products.network import EVERY_PORT
from panda_infra.products.registry import COMPONENTS
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import stand_ins
from tests.support import consumers, ctao
from tests.support.stack_files import SAMPLES, config_of

_URL = re.compile(r"[a-z+]+://[^\s\"']+")
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*)(:(?P<port>\d+))?")
_HOST_KEY = re.compile(r"(_HOST|_AUTH_HOST|_BROKERS|_LIST|^host)$")
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "postgresql+psycopg": 5432}
_FILES = re.compile(r"\.(pem|proxy|crt|jwks|sql|properties)$")
# Names that a pod has for itself, for links that it shows, or to compare with: it does not connect there.
_NOT_CALLED = re.compile(
    r"BIGMON_HOST|BIGMON_BASE_URL|BIGMON_AUTH_PROVIDER_LIST|BIGMON_INSTALLED_APPS_LIST|BEHIND_REAL_LB|VERIFY_HOST"
    r"|PANDA_HOSTNAME|IAM_BASE_URL|IAM_ISSUER|IAM_LOGO_URL|dex.yaml|no_proxy|audience|HARVESTER_DB_HOST_(PREFIX|DOMAIN|ADD_INDEX)"
)
# Databases share the Secret of those who log in to them.
_DATABASES = (".postgres", ".mariadb")
# Parts that share the Secret of others and connect to databases alone, with the keys that hold their addresses.
_OF_DATABASES = {"iam-db.backup": r"IAM_DB_HOST", "diracx.cleanup": r"DIRACX_DB_"}

_CTAO_OUTSIDE: dict[str, Any] = {
    "environment": "staging",
    "rucioDatabase": {"kind": "external", "host": "pg.site.org", "port": 5433},
}
_WITHOUT_DATABASE = {name: each for name, each in ctao.RUCIO["components"].items() if name != "rucio-db"}
_STACKS: Mapping[str, Callable[[], StackConfig]] = {
    **{name: partial(consumers.complete, name) for name in consumers.STACKS},
    **{f"sample {name}": partial(config_of, name) for name in SAMPLES.stacks},
    "ctao": lambda: filled(ctao.stack()),
    "ctao outside": lambda: filled(
        ctao.stack(**ctao.RUCIO | {"components": _WITHOUT_DATABASE, "interfaces": _CTAO_OUTSIDE})
    ),
}


@pytest.fixture(params=_STACKS)
def config(request: pytest.FixtureRequest) -> StackConfig:
    found = _STACKS[request.param]()
    return found.model_copy(update={"network_policies": NetworkPolicies(kind="standard")})


def filled(config: StackConfig) -> StackConfig:
    return config.model_copy(update={"secrets": stand_ins(config)})


def addresses(content: SecretContent) -> Iterator[tuple[str, str, int | None]]:
    """Each address in a Secret: the key, the host, the port if there is one."""
    if content.type == TLS:
        return
    texts = {key: value.decode(errors="replace") for key, value in content.data.items()}
    for key, text in texts.items():
        if not _FILES.search(key):
            for name, leaf in _leaves(key, text):
                yield from _in_text(name, leaf, texts)


def _leaves(key: str, text: str) -> Iterator[tuple[str, str]]:
    """The texts of a JSON file by their own keys; other texts by that of the Secret."""
    try:
        yield from _texts(key, json.loads(text) if key.endswith(".json") else text)
    except json.JSONDecodeError:
        yield key, text  # a stand-in for a file of the site


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts(name, each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(key, each)
    elif isinstance(value, str):
        yield key, value


def _in_text(key: str, text: str, beside: Mapping[str, str]) -> Iterator[tuple[str, str, int | None]]:
    if _NOT_CALLED.search(key):
        return
    for match in _URL.finditer(text):
        url = urlsplit(re.sub(r"//[^/@]*@", "//", match[0]))
        if url.hostname and url.scheme in _PORTS:
            yield key, url.hostname, url.port or _PORTS[url.scheme]
    if _HOST_KEY.search(key) and (given := _ADDRESS.fullmatch(text)):
        port = (
            given["port"]
            or beside.get(f"{key.removesuffix('HOST').removesuffix('host')}PORT")
            or beside.get("port")
        )
        yield key, given["host"], int(port) if port and port.isdigit() else None


def _is_open(edge: Edge, place: Place, port: int | None) -> bool:
    return edge.target == place and (port is None or edge.port in (port, EVERY_PORT))


def missing(plan: Plan, here: Place, host: str, port: int | None) -> bool:
    """True if no edge covers an address."""
    names, config = plan.names, plan.config
    mine = [edge for edge in plan.edges if edge.source == here]
    for component, spec in COMPONENTS.items():
        for sub in spec.sub_components:
            if host == names.workload(component, sub.name):
                there = config.components.deployed().get(component)
                if there is None or not getattr(there, sub.attribute).enabled:
                    return False  # nobody is there
                pod = sub.listens[sub.ports.index(port)] if port in sub.ports else None
                return not any(_is_open(edge, part(component, sub.name), pod) for edge in mine)
    if host in config.hosts.exposed().values():
        return not any(_is_open(edge, Place("ingress", host), port) for edge in mine)
    if "." not in host:
        return not any(edge.target == Place("outside") for edge in mine)  # an alias of Oracle
    places = (Place("host", host), Place("address", host), Place("outside"))
    return not any(_is_open(edge, place, port) for edge in mine for place in places)


def test_each_address_in_a_secret_has_an_edge(config: StackConfig) -> None:
    plan, contents = make_plan("demo", config), build(config)
    looked_at, absent = 0, []
    for suffix, who in readers(config).items():
        for key, host, port in addresses(contents[suffix]):
            for reader in who:
                here = part(reader.component, reader.sub_component)
                silent = reader.sub_component == INGRESS or here.name.endswith(_DATABASES)
                if silent or host == "localhost" or not re.match(_OF_DATABASES.get(here.name, ""), key):
                    continue
                looked_at += 1
                if missing(plan, here, host, port):
                    absent.append(f"{here} to {host}:{port} ({suffix} {key})")
    assert absent == []
    assert looked_at


def test_an_address_without_an_edge_would_be_found(config: StackConfig) -> None:
    plan = make_plan("demo", config)
    edge = next(edge for edge in plan.edges if edge.target.kind == edge.source.kind == "pods")
    component, _, sub = edge.target.name.partition(".")
    host = plan.names.workload(component, sub)
    assert not missing(plan, edge.source, host, None)
    assert missing(plan, Place("pods", "nobody.there"), host, None)
    assert missing(plan, Place("pods", "nobody.there"), "nowhere.site.org", 443)
    if "outside" not in {each.target.kind for each in plan.edges if each.source == edge.source}:
        assert missing(plan, edge.source, "nowhere.site.org", 443)
