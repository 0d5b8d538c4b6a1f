"""Upstream's known defects: each one that a configuration can meet is refused, or proven to be harmless.

``REFUSED`` are met by a rule or a model: the named case of tests/bad_stacks shows the message. Those that the
program makes harmless have a test that is named after them, here or where the thing is made (``test_t08_...``).
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import SecretStr

from panda_infra.plan.make import make_plan
from panda_infra.products.panda.components.panda.models import PandaSecrets
from panda_infra.products.registry import COMPONENTS
from tests.support.bad_stacks import CASES
from tests.support.stacks import stack
from tools import REPOSITORY

_CANARY = "kanarienvogel-7f3a"
_CASES = {case["name"] for case in CASES.values()}

REFUSED = {
    "T11": ["a settings value that the charts cannot keep (T11)"],
    "T19": ["an affix without dash", "an affix with two dashes at its ends", "an affix in capitals"],
    "T20": ["the shared claim made by a release (T20)"],
    "T21": ["a volume that no pod mounts (T21)"],
    "T23": ["a class that the chart ignores (T23)"],
    "T27": ["IAM without database (T27)", "IAM with two databases (T27)"],
    "T28": ["a Bitnami image (T28)"],
    "T29": ["per-replica databases that nothing reads (T29)", "replicas behind the program's back (T29)"],
    "T30": ["a broker without JEDI's queues (T30)", "a broker without JEDI's account"],
    "T31": ["a collapsing affix (T31)", "an affix that hides the collapse (T31)"],
    "T32": ["an existing TLS Secret in half of the places (T32)"],
    "T33": ["a CERN host elsewhere (T33)", "both class and annotation (T33)"],
    "T34": ["a Gateway without class and authorities (T34)"],
    "T35": ["a deployment name (T35)", "another experiment for one chart (T35)"],
    "T37": ["CRIC's switch as text (T37)", "CRIC without addresses (T37)"],
    "T40": ["a moving tag (T40)"],
    "T41": ["a limit without its request", "a limit below the request"],
}

OUTSIDE = {
    "T3": "is how the charts import Secrets; every input is masked and encrypted",
    "T22": "is about a change between two deployments",
    "T26": "is about a change between two deployments",
    "T36": "is cosmetic",
    "T38": "is about certificates that are made, not configured",
    "T39": "is about values of secrets, which are judged when they are stored",
    "T42": "is about upstream's documentation",
    "T43": "is about client-side apply",
    "T44": "is cosmetic",
    "T45": "is cosmetic",
}

_NAMED = re.compile(r"^def test_t0*(\d+)_", re.MULTILINE)


def _named_tests() -> set[str]:
    tests = (REPOSITORY / "tests").rglob("test_*.py")
    return {f"T{number}" for path in tests for number in _NAMED.findall(path.read_text(encoding="utf-8"))}


def test_every_trap_is_refused_or_proven_harmless_or_met_by_no_configuration() -> None:
    assert REFUSED.keys() | _named_tests() | OUTSIDE.keys() == {f"T{number}" for number in range(1, 46)}


@pytest.mark.parametrize("trap", REFUSED)
def test_the_trap_has_a_bad_stack_that_shows_its_message(trap: str) -> None:
    assert set(REFUSED[trap]) <= _CASES


def test_t06_no_secret_becomes_a_value_of_a_release() -> None:
    secrets = {"panda": {"databasePassword": _CANARY}, "msgsvc": {"basePassword": _CANARY}}
    config = stack(secrets=secrets)
    assert config.secrets.of(PandaSecrets).database_password == SecretStr(_CANARY)
    plan = make_plan("demo", config)
    assert all(_CANARY not in str(release.values) for release in plan.releases)
    assert _CANARY not in repr(plan)


def test_t24_no_claim_is_created_on_a_host_path() -> None:
    for release in make_plan("demo", stack()).releases:
        for sub in COMPONENTS[release.component].sub_components:
            for claim in sub.claims:
                values = release.values[sub.name].get(claim.key)
                assert values is None or values["create"] is False, (release.name, sub.name, claim.name)


def test_t25_names_of_releases_differ_with_the_affix() -> None:
    names = {
        affix: {release.name for release in make_plan("demo", stack(affix=affix)).releases}
        for affix in ("", "-dev", "test-")
    }
    assert not names[""] & names["-dev"]
    assert not names["-dev"] & names["test-"]


def test_t33_every_ingress_is_off_or_has_the_stacks_own_host() -> None:
    host = "panda-idds-dev.slac.stanford.edu"
    for release in make_plan("demo", stack(hosts={"idds": host})).releases:
        for endpoint in COMPONENTS[release.component].endpoints:
            values: Any = release.values
            for key in endpoint.key.split("."):
                values = values[key]
            exposed = endpoint.host == "idds"
            assert values["enabled"] is exposed
            assert not exposed or [item["hostOverride"] for item in values["hosts"]] == [host]
