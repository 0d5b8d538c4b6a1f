"""A server behind a Gateway finds the ConfigMap of its clients' authorities, which no chart makes (T34)."""

from __future__ import annotations

import json

import pytest

from panda_infra.config.load import from_file
from panda_infra.plan.make import make_plan
from testbed import prerequisites, stacks
from testbed.bed import Bed

pytestmark = pytest.mark.e2e

_AUTHORITY = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def test_t34_the_plan_of_a_gateway_has_the_authorities_of_its_clients(bed: Bed) -> None:
    sections = {
        "panda-infra:namespace": "gateway",
        "panda-infra:components": {name: {} for name in ("msgsvc", "iam", "iam-db", "panda")},
        "panda-infra:hosts": {"panda": "panda.localhost"},
        "panda-infra:exposure": {"kind": "gateway", "className": "envoy", "clientCa": _AUTHORITY},
    }
    workspace = stacks.local(bed, bed.state / "stacks" / "gateway", sections)
    plan = make_plan("local", from_file(workspace.stack_file).config)
    with prerequisites.provided(bed, plan):
        result = workspace.preview("--json")
    assert result.code == 0, result.text
    planned = [step["newState"] for step in json.loads(result.stdout)["steps"]]
    (authorities,) = [each["inputs"] for each in planned if each["type"] == "kubernetes:core/v1:ConfigMap"]
    metadata = authorities["metadata"]
    assert (metadata["name"], metadata["namespace"]) == ("panda-secrets-panda-client-cas", "gateway")
    assert authorities["data"] == {"ca.crt": _AUTHORITY}
