"""The refusals of a destroy, its options for the engine, and its message when the engine fails."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import (
    KubernetesError,
    KubernetesNotAllowedError,
    KubernetesUnreachableError,
)
from panda_infra.errors import PandaInfraError
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.ownership import MARK
from panda_infra.stacks.access import Access
from panda_infra.state.recorded import Recorded
from panda_infra.teardown.destroy import destroy, refuse_protected, settled_residue, without_lost_cluster
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack

NAMESPACE = "/api/v1/namespaces/panda"
HELD = f"{NAMESPACE}/configmaps"
OURS = {"metadata": {"name": "panda", "uid": "1", "annotations": {MARK: "panda-infra/test/0123456789abcdef"}}}


def plan(**lifecycle: Any) -> Plan:
    return make_plan("test", stack(lifecycle={"protect": False, **lifecycle}))


@dataclass
class FakeEngine:
    """Ends with ``code``; its state has what was deployed ``before``."""

    code: int = 0
    before: Recorded = field(default_factory=Recorded)
    calls: list[tuple[tuple[str, ...], dict[str, str]]] = field(default_factory=list)

    def run(self, *_: str) -> str:
        return json.dumps({"deployment": {}})

    def follow(self, *arguments: str, environment: Mapping[str, str] = {}) -> int:
        self.calls.append((arguments, dict(environment)))
        return self.code

    def recorded(self, stack: str) -> Recorded:
        assert stack == "test"
        return self.before


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


REFUSED = KubernetesNotAllowedError("GET /version: answers 401", "Store a new one", status=401)
SILENT = KubernetesUnreachableError("GET /version: cannot be reached")


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, which take no time but for the clock that the program reads."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(pauses))
    return pauses


def test_silence_alone_is_no_end_and_the_way_to_say_so_is_named(api: FakeApi) -> None:
    assert without_lost_cluster(plan(), Access(api), gone=False).kubernetes is api
    api.failures["/version"] = SILENT
    with pytest.raises(
        PandaInfraError, match=r"(?s)cannot be reached.*panda_infra destroy test --cluster-gone"
    ):
        without_lost_cluster(plan(), Access(api), gone=False)


@pytest.mark.parametrize("answer", [REFUSED, KubernetesError("GET /version: answers 503", status=503)])
def test_an_answer_is_never_the_end_of_a_cluster(api: FakeApi, answer: KubernetesError) -> None:
    api.failures["/version"] = answer
    with pytest.raises(KubernetesError) as reported:
        without_lost_cluster(plan(), Access(api), gone=False)
    assert reported.value is answer
    assert "cluster-gone" not in str(reported.value)
    with pytest.raises(PandaInfraError, match=r"the cluster answers.*nothing was changed"):
        without_lost_cluster(plan(), Access(api), gone=True)


def test_a_cluster_is_gone_when_somebody_says_so_and_nothing_answers_for_a_while(
    api: FakeApi, waited: list[float]
) -> None:
    api.silent = 1000
    access = without_lost_cluster(plan(), Access(api), gone=True)
    assert access.kubernetes is None
    assert sum(waited) >= 30


def test_a_cluster_that_answers_at_last_is_there(api: FakeApi, waited: list[float]) -> None:
    api.silent = 3
    with pytest.raises(PandaInfraError, match="the cluster answers"):
        without_lost_cluster(plan(), Access(api), gone=True)
    assert len(waited) == 3


def test_what_holds_a_namespace_is_named_when_the_engine_fails(api: FakeApi) -> None:
    hold(api)
    api.objects[NAMESPACE] = OURS
    with pytest.raises(PandaInfraError) as failed:
        destroy(plan(), Access(api), FakeEngine(code=255), print)  # type: ignore[arg-type]
    assert "stack test is not destroyed" in str(failed.value)
    assert "configmaps held, which waits for a/b" in str(failed.value)
    assert "--free-after" in str(failed.value)
    assert api.patched == []


def test_residue_has_time_to_settle(api: FakeApi) -> None:
    assert settled_residue(plan(), Access(api), 0) == []
    api.objects[NAMESPACE] = OURS | {"status": {"phase": "Active"}}
    assert [str(left) for left in settled_residue(plan(), Access(api), 0)] == ["Namespace panda: Active"]
