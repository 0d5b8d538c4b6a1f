"""No secret can be had from a Plan, however it is looked at."""

from __future__ import annotations

import gc
import json
import pickle
from types import FunctionType, ModuleType
from typing import Any

import pytest

from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.serialize import described
from panda_infra.plan.summary import summary
from panda_infra.secrets.fields import fields
from panda_infra.secrets.generate import with_values
from tests.support import ctao
from tests.support.stacks import stack

_CLIENT = {"name": "panda_dev", "clientId": "c", "audience": "https://a.example.org"}
_BUCKET = {"endpoint": "http://s3.site.org", "bucket": "panda-backups"}
_OF_EVERY_PRODUCT: dict[str, Any] = {
    "backup": {"to": {"kind": "s3", **_BUCKET}},
    "certificates": {"kind": "generated"},
    "monitoring": {
        "kind": "prometheusOperator",
        "receivers": {
            "webhook": True,
            "mail": {"to": ["a@site.org"], "sender": "b@site.org", "server": "smtp.site.org:25", "user": "c"},
        },
        "logs": {"endpoint": "https://logs.site.org", "user": "shipper"},
    },
    "networkPolicies": {"kind": "standard"},
    "nodeRecovery": {"confirm": "nova", "authUrl": "https://keystone.site.org/v3"},
    "registry": {"prefix": "harbor.site.org", "login": True},
}
_OF_PANDA: dict[str, Any] = {
    "argocd": {
        "version": "2.13.6",
        "host": "argocd.site.org",
        "login": {"clientId": "c"},
        "operators": ["a"],
    },
    "auth": {"clients": [_CLIENT], "internal": {"clientId": "i"}, "tokenCache": {"clientId": "t"}},
    "delivery": "argocd",
    "mariadb": {
        "operator": "mariadb-operator",
        "databases": {"harvester": {"size": "1Gi", "instances": 2}},
        "backup": _BUCKET,
    },
    "objectStore": {"host": "s3.example.org", "bucket": "logs"},
    "postgres": {"operator": "cnpg", "databases": {"idds": {"size": "1Gi"}}, "backup": _BUCKET},
    "standby": {"of": "demo", "by": "demo-2", "archive": _BUCKET},
}
_STACKS = {
    "panda": lambda: stack(**_OF_EVERY_PRODUCT, **_OF_PANDA),
    "ctao": lambda: ctao.stack(**_OF_EVERY_PRODUCT),
}


@pytest.fixture(scope="module", params=_STACKS)
def without(request: pytest.FixtureRequest) -> StackConfig:
    """A stack with every section."""
    return _STACKS[request.param]()


@pytest.fixture(scope="module")
def canaries(without: StackConfig) -> dict[Path, str]:
    """A value of its own for every secret that the stack can have."""
    return {field.path: f"canary-{number:03}" for number, field in enumerate(fields(without))}


@pytest.fixture(scope="module")
def config(without: StackConfig, canaries: dict[Path, str]) -> StackConfig:
    return without.model_copy(update={"secrets": with_values(without.secrets, canaries)})


@pytest.fixture(scope="module")
def plan(config: StackConfig) -> Plan:
    return make_plan("demo", config)


def test_the_configuration_gives_every_secret_back(config: StackConfig, canaries: dict[Path, str]) -> None:
    """Or the next tests would look in the wrong way."""
    whole = pickle.dumps(config)
    assert len(canaries) > 40
    assert [path for path, canary in canaries.items() if canary.encode() not in whole] == []


def test_nothing_that_a_plan_leads_to_holds_a_secret(plan: Plan) -> None:
    assert b"canary" not in pickle.dumps(plan)


def test_no_object_that_a_plan_refers_to_holds_a_secret(plan: Plan) -> None:
    """Functions that were made while planning would not be pickled."""
    known: set[int] = set()
    waiting: list[object] = [plan]
    while waiting:
        each = waiting.pop()
        # Modules and classes lead to everything that is loaded.
        if id(each) in known or isinstance(each, type | ModuleType):
            continue
        known.add(id(each))
        assert not (isinstance(each, str) and "canary" in each)
        if not isinstance(each, FunctionType):
            waiting += gc.get_referents(each)
        elif each.__closure__:
            waiting += [cell.cell_contents for cell in each.__closure__]
    assert len(known) > 1000


def test_no_description_of_a_plan_shows_a_secret(plan: Plan) -> None:
    settings = plan.config
    texts = (
        repr(plan),
        str(settings),
        settings.model_dump_json(),
        json.dumps(described(plan)),
        summary(plan),
    )
    assert [text for text in texts if "canary" in text] == []
    assert not hasattr(settings, "secrets")
    assert "secrets" not in settings.model_fields_set
