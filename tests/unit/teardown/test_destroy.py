"""What a destroy refuses, what it tells the engine, and what it tells when the engine fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from panda_infra.errors import PandaInfraError
from panda_infra.live.access import Access
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.teardown.destroy import destroy, refuse_protected, settled_residue, without_lost_cluster
from tests.support.stacks import stack
from tests.unit.teardown.fakes import FakeApi

HELD = "/api/v1/namespaces/panda/configmaps"


def plan(**lifecycle: Any) -> Plan:
    return make_plan("test", stack(lifecycle={"protect": False, **lifecycle}))


@dataclass
class FakeEngine:
    """Ends with ``code``; runs ``meanwhile`` before."""

    code: int = 0
    calls: list[tuple[tuple[str, ...], dict[str, str]]] = field(default_factory=list)

    def follow(self, *arguments: str, environment: Mapping[str, str] = {}) -> int:
        self.calls.append((arguments, dict(environment)))
        return self.code


@pytest.fixture
def api() -> FakeApi:
    api = FakeApi({"/version": {}, "/apis": {"groups": []}})
    api.objects["/api/v1"] = {
        "resources": [{"name": "configmaps", "namespaced": True, "verbs": ["list", "patch"]}]
    }
    return api


def hold(api: FakeApi) -> None:
    metadata = {"name": "held", "finalizers": ["a/b"], "deletionTimestamp": "2020-01-01T00:00:00Z"}
    api.add(HELD, {"metadata": metadata})


def test_a_protected_stack_is_refused_with_the_way_that_works() -> None:
    with pytest.raises(PandaInfraError, match=r"(?s)stack test is protected.*protect: false.*pulumi up"):
        refuse_protected(plan(protect=True))
    refuse_protected(plan())


def test_the_engine_looks_at_the_world_before_it_deletes(api: FakeApi) -> None:
    engine = FakeEngine()
    destroy(plan(), Access(api), engine, print)  # type: ignore[arg-type]
    assert engine.calls == [(("destroy", "--refresh", "--yes", "--stack", "test"), {})]


def test_what_was_in_a_lost_cluster_is_forgotten() -> None:
    engine = FakeEngine()
    destroy(plan(), Access(None), engine, print)  # type: ignore[arg-type]
    assert engine.calls[0][1] == {"PULUMI_K8S_DELETE_UNREACHABLE": "true"}


def test_a_cluster_counts_as_lost_only_when_somebody_says_so(api: FakeApi) -> None:
    assert without_lost_cluster(plan(), Access(api), gone=False).kubernetes is api
    with pytest.raises(PandaInfraError, match="the cluster answers"):
        without_lost_cluster(plan(), Access(api), gone=True)
    api.broken.add("/version")
    with pytest.raises(PandaInfraError, match=r"(?s)refused.*add --cluster-gone"):
        without_lost_cluster(plan(), Access(api), gone=False)
    assert without_lost_cluster(plan(), Access(api), gone=True).kubernetes is None


def test_what_holds_a_namespace_is_named_when_the_engine_fails(api: FakeApi) -> None:
    hold(api)
    with pytest.raises(PandaInfraError) as failed:
        destroy(plan(), Access(api), FakeEngine(code=255), print)  # type: ignore[arg-type]
    assert "stack test is not destroyed" in str(failed.value)
    assert "configmaps held, which waits for a/b" in str(failed.value)
    assert "--free-after" in str(failed.value)
    assert api.patched == []


def test_residue_has_time_to_settle(api: FakeApi) -> None:
    assert settled_residue(plan(), Access(api), 0) == []
    api.objects["/api/v1/namespaces/panda"] = {"status": {"phase": "Active"}}
    assert [str(left) for left in settled_residue(plan(), Access(api), 0)] == ["Namespace panda: Active"]
