"""No secret can be had from a Plan, however it is looked at."""

from __future__ import annotations

import json
import pickle

import pytest

from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.serialize import described
from panda_infra.plan.summary import summary
from panda_infra.secrets.fields import fields
from panda_infra.secrets.generate import with_values
from tests.support.stacks import stack

_CLIENT = {"name": "panda_dev", "clientId": "c", "audience": "https://a.example.org"}
_SECTIONS = {"auth": {"clients": [_CLIENT]}, "objectStore": {"host": "s3.example.org", "bucket": "logs"}}


@pytest.fixture(scope="module")
def canaries() -> dict[Path, str]:
    """A value of its own for every secret that the stack can have."""
    return {field.path: f"canary-{number:03}" for number, field in enumerate(fields(stack(**_SECTIONS)))}


@pytest.fixture(scope="module")
def config(canaries: dict[Path, str]) -> StackConfig:
    without = stack(**_SECTIONS)
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
