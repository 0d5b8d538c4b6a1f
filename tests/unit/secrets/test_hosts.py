"""Every host name inside every Secret is a Service or an exposed host of the stack, or was asked for."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.products.content import OPAQUE, SecretContent
from panda_infra.products.names import Names
from panda_infra.products.registry import COMPONENTS
from panda_infra.secrets.build import build
from tests.support.hosts import hosts_in
from tests.unit.secrets.stacks import STACKS, config, merged

PUBLIC = {"localhost", "cilogon.org"}


def services(stack: StackConfig) -> set[str]:
    names = Names(stack.affix)
    return {
        names.workload(name, sub.name)
        for name, component in stack.components.deployed().items()
        for sub in COMPONENTS[name].sub_components
        if sub.ports and (getattr(component, sub.name).enabled or not sub.switchable)
    }


def asked_for(document: dict[str, Any]) -> set[str]:
    open_settings = {key: value for key, value in document.items() if key != "secrets"}
    return {word.lower() for word in re.findall(r"[A-Za-z0-9_.-]+", json.dumps(open_settings))}


@pytest.mark.parametrize("affix", ["", "-dev", "test-"])
@pytest.mark.parametrize("stack", STACKS)
def test_every_host_is_known(stack: str, affix: str) -> None:
    document = merged(STACKS[stack], {"affix": affix})
    made = config(document)
    exposed = {host for host in made.hosts.model_dump().values() if host}
    known = services(made) | exposed | asked_for(document) | PUBLIC
    found = {suffix: hosts_in(content) - known for suffix, content in build(made).items()}
    assert {suffix: hosts for suffix, hosts in found.items() if hosts} == {}


def test_the_services_that_pods_call_are_found() -> None:
    found = set().union(*(hosts_in(content) for content in build(config()).values()))
    assert {
        "panda-server",
        "panda-postgres",
        "panda-msgsvc-activemq",
        "panda-idds-rest",
        "panda-idds-postgres",
    } <= found
    assert {"panda-harvester-mariadb", "panda-bigmon-main", "iam-db-mariadb"} <= found


@pytest.mark.parametrize(
    ("key", "value", "hosts"),
    [
        ("X_URL", "https://a.b.org:443/x", {"a.b.org"}),
        ("X_URL", "postgresql://user:pass@db.b.org:5432/n", {"db.b.org"}),
        ("PANDA_DB_HOST", "Panda-Postgres", {"panda-postgres"}),
        ("IDDS_RECEIVER_BROKERS", "broker:61613", {"broker"}),
        ("no_proxy", "localhost,.b.org,server", {"localhost", "b.org", "server"}),
        ("a.json", '{"issuer":"https://iam.b.org/"}', {"iam.b.org"}),
        ("PANDA_VERIFY_HOST", "off", set()),
        ("hostcert.pem", "https://not.looked.at", set()),
    ],
)
def test_hosts_in(key: str, value: str, hosts: set[str]) -> None:
    assert hosts_in(SecretContent("x", OPAQUE, {key: value.encode()})) == hosts
